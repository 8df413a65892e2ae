// Session tokens kept in the place of credentials that were verified (C11), in memory alone.
// Thread: the client's. An entry is named by a hash of its credential under a key of this object's
// own, so a credential is not kept, and only who has it finds its token.
// Limits: half of `count_max` at least; when full, those not met for longest go.
#pragma once

#include <array>
#include <chrono>
#include <cstring>
#include <string>
#include <string_view>
#include <unordered_map>

#include "query_generated.h"

namespace postern::client {

class KeptTokens {
 public:
  using Moment = std::chrono::steady_clock::time_point;
  using Name = std::array<std::uint8_t, 32>;

  /// Whose credential: what is known of it without asking. A key tells no username.
  struct Owner {
    std::string tenant;
    std::string username;
  };

  struct KeptToken {
    KeptToken() = default;
    KeptToken(KeptToken&&) noexcept = default;
    KeptToken& operator=(KeptToken&&) noexcept = default;
    ~KeptToken();

    Owner owner;
    std::string token;
    Moment ends;
    /// When half of its time is over, if a renewal still prolongs it.
    Moment renew_at;
    bool renewing = false;
  };

  explicit KeptTokens(std::size_t count_max = 65'536);
  ~KeptTokens();
  KeptTokens(const KeptTokens&) = delete;
  KeptTokens& operator=(const KeptTokens&) = delete;

  /// Of a password or a key, for calls that come as this one does: from elsewhere the daemon is to
  /// look at the credential again (C9).
  Name name_of(const schema::QueryT& query, const schema::CredentialUnion& credential) const;

  /// Null: none, or its time is over. Valid until the next call.
  KeptToken* find(const Name& name, Moment now);
  /// Takes the answer's token, valid as long as the answer says from its own time on.
  void keep(const Name& name, Owner owner, const schema::AnswerT& answer, Moment now);
  void renew(KeptToken& kept, const schema::AnswerT& answer, Moment now);
  void drop(const Name& name);
  /// Whatever password or spelling of the name it was got with.
  void drop_user(std::string_view tenant, std::string_view username);
  std::size_t size() const { return newer_.size() + older_.size(); }

 private:
  struct First {
    std::size_t operator()(const Name& name) const {
      std::size_t first = 0;
      std::memcpy(&first, name.data(), sizeof first);
      return first;
    }
  };
  using Half = std::unordered_map<Name, KeptToken, First>;

  /// Makes room in the newer half.
  void age();

  std::array<std::uint8_t, 32> key_;
  std::size_t half_max_;
  Half newer_;
  Half older_;
};

/// Without regard to case, as usernames are.
bool same_username(std::string_view left, std::string_view right);

}  // namespace postern::client
