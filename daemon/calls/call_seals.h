// Opens what recorded calls hold sealed, each user's key read once (L2, U11).
#pragma once

#include <functional>
#include <optional>
#include <unordered_map>

#include "daemon/calls/call_entry.h"

namespace postern::calls {

/// For one page or part: the keys are wiped with it. One thread.
class CallSeals {
 public:
  /// Null: there is no such user.
  using FindUser = std::function<const domain::User*(const Uuid&)>;

  /// The keys outlive it.
  CallSeals(const credential::KeyStore& keys, FindUser find_user)
      : keys_(keys), find_user_(std::move(find_user)) {}
  CallSeals(const CallSeals&) = delete;
  CallSeals& operator=(const CallSeals&) = delete;

  /// Address and label stay absent where their key is gone.
  void open(Entry& entry);

 private:
  const credential::KeyStore& keys_;
  FindUser find_user_;
  std::unordered_map<Uuid, std::optional<credential::UserKey>, domain::UuidHash> read_;
};

}  // namespace postern::calls
