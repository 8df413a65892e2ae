// Names for people: what the catalogue describes as "Customer Tables" stands for its path.
// The catalogue is asked only where something is typed that cannot be a path or an action's name.
// What has no such name, or may not be looked up, stays as it is typed, for the daemon to refuse.
// Failure: `Stop` with 64 where several things have that name.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "history_generated.h"

namespace postern::cli {

class Session;

class CatalogueNames {
 public:
  /// Of --tenant. What a name stands for is told as talk.
  explicit CatalogueNames(Session& session) : session_(session) {}

  /// A path as it is, or the one whose entry is described so, in any case.
  std::string path(const std::string& typed);
  /// The same of an action of the path's kind.
  std::string action(const std::string& typed, const std::string& path);

 private:
  struct Named {
    std::string description;
    std::string name;
  };

  std::string only(const std::string& typed, const std::vector<Named>& all);
  template <class Body>
  std::optional<schema::HistoryPageT> read(Body body);
  const schema::TenantViewT& kinds();
  const std::vector<Named>& paths();

  Session& session_;
  std::optional<schema::TenantViewT> kinds_;
  std::optional<std::vector<Named>> paths_;
};

struct GrantArguments {
  std::string action;
  std::string resource;
};

/// Every action, with commas between, on every resource, with names for people understood.
std::vector<GrantArguments> grants_asked(Session& session, const std::string& actions,
                                         const std::vector<std::string>& resources);

}  // namespace postern::cli
