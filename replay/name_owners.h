// Whose a username was, is and will be (U1).
#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include "replay/data_folder.h"
#include "tools/text/access_text.h"

namespace postern::replay {

/// Of one name of one tenant, as its records are read in order, the folded ones first. One thread.
class NameOwners {
 public:
  NameOwners(std::string tenant, std::string username)
      : tenant_(std::move(tenant)), username_(std::move(username)) {}

  void note(const Step& step);
  /// One that is not folded.
  void note_later(const schema::Record& record);

  const std::vector<text::NameOwner>& owners() const { return owners_; }
  /// One that took its own name again has had it all the same.
  bool are_several() const;
  /// Beside the first answer, where they are several.
  void tell_once(std::ostream& talk);

 private:
  void gain(const domain::Uuid& user, domain::Seq seq);
  void lose(const domain::Uuid& user, domain::Seq seq);

  std::string tenant_;
  std::string username_;
  domain::Uuid tenant_id_;
  std::vector<text::NameOwner> owners_;
  bool is_told_ = false;
};

}  // namespace postern::replay
