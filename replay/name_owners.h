// Whose a username was, is and will be (U1).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "replay/data_folder.h"

namespace postern::replay {

/// Of one name of one tenant, as its records are read in order, the folded ones first. One thread.
class NameOwners {
 public:
  NameOwners(std::string tenant, std::string username)
      : tenant_(std::move(tenant)), username_(std::move(username)) {}

  void note(const Step& step);
  /// One that is not folded.
  void note_later(const schema::Record& record);

  struct Owner {
    domain::Uuid user;
    /// The record that gave it the name, and the one that took it away; 0: it has it still.
    domain::Seq since = 0;
    domain::Seq until = 0;
  };
  const std::vector<Owner>& owners() const { return owners_; }

  /// "01… from record 4 to 13; 02… from record 15 on"; empty: nobody ever had it.
  std::string told() const;

 private:
  void gain(const domain::Uuid& user, domain::Seq seq);
  void lose(const domain::Uuid& user, domain::Seq seq);

  std::string tenant_;
  std::string username_;
  domain::Uuid tenant_id_;
  std::vector<Owner> owners_;
};

}  // namespace postern::replay
