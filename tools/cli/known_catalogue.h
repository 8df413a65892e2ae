// What a desired state and what stands know of kinds, actions and resources (A7), so that a
// mistyped grant is told before anything is sent. One thread.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "tools/cli/plan_catalogue.h"
#include "tools/intake/grant_line.h"

namespace postern::cli {

class KnownCatalogue {
 public:
  void add(const Kinds& kinds);
  bool empty() const { return kinds_.empty(); }

  /// What of the grant it does not know, with the nearest that it does; empty: it knows all of it,
  /// or that is for the daemon to say, as of resources with `*`.
  std::string fault_of(const intake::Grant& grant) const;

 private:
  struct Kind {
    bool open = false;
    std::set<std::string> actions;
    /// Open, closed, or as what it lies under.
    std::map<std::string, std::optional<bool>> resources;

    bool knows(const std::string& path) const;
  };

  std::map<std::string, Kind> kinds_;
};

}  // namespace postern::cli
