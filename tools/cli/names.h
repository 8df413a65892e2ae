// Names for ids in tables, asked for once each; an id stays one where its name may not be read.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "history_generated.h"
#include "tools/client/event_text.h"

namespace postern::cli {

class Session;

class Names {
 public:
  explicit Names(Session& session) : session_(session) {}

  std::string tenant(const std::unique_ptr<schema::Uuid>& id);
  std::string operator_name(const std::unique_ptr<schema::Uuid>& id, schema::Role role);
  /// `tenant` is the user's, as an alias; empty: not known.
  std::string user(const std::unique_ptr<schema::Uuid>& id, const std::string& tenant);
  /// What an id within an event is of; `tenant` as above.
  std::string inner(client::Named kind, const schema::Uuid& id, const std::string& tenant);
  /// Remembers the names an event gives, for when they are gone.
  void learn(const schema::EventT& event);

 private:
  std::string named(const std::unique_ptr<schema::Uuid>& id);
  template <class Body>
  std::optional<schema::HistoryPageT> read(Body body);
  void read_tenants();
  void read_operators();
  void read_roles(const std::string& tenant);
  void read_user(const schema::Uuid& id, const std::string& tenant);

  Session& session_;
  std::unordered_map<std::string, std::string> names_;
};

}  // namespace postern::cli
