// A second opinion, as naive as can be: it keeps what happened as plain strings and lists, and
// answers by walking through all of it. It shares no code with the domain, only the schema.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "event_generated.h"

namespace postern::support {

class Oracle {
 public:
  /// An event of a stored record, in order; `tenant`: the one its record concerns.
  void hear(const schema::Uuid& tenant, const schema::EventT& event);

  struct Answer {
    schema::Code reason = schema::Code::ok;
    /// Resources of the grants that may be named as the one that decided; empty: none does.
    std::vector<std::string> grants;
  };

  /// A user of whom an event was heard.
  Answer ask(const schema::Uuid& user, const std::string& action, const std::string& resource,
             bool this_level_only) const;

 private:
  struct Fact {
    std::string tenant;
    std::string user;
    schema::EventT event;
  };

  schema::Code standing_of(const std::string& user, const std::string& tenant) const;
  bool is_known(const std::string& tenant, const std::string& kind,
                const std::string& action) const;
  bool is_locked(const std::string& user, const std::string& tenant) const;

  struct Grant {
    std::string user;
    schema::Effect effect;
    std::string action;
    std::string resource;
  };

  std::vector<Fact> facts_;
  std::vector<Grant> grants_;
};

}  // namespace postern::support
