// Names for ids in tables, asked for once each; an id stays one where its name may not be read.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "command_generated.h"
#include "history_generated.h"
#include "tools/text/event_text.h"

namespace postern::cli {

class Session;

/// What a message named, each once, in order.
struct Typed {
  std::string tenant;
  std::vector<std::string> users;
  /// Those it takes away: nobody can be asked for them afterwards.
  std::vector<std::string> keys;
  std::vector<std::string> roles;
};

Typed typed_in(const schema::CommandMessageT& message);

class Names {
 public:
  explicit Names(Session& session) : session_(session) {}

  std::string tenant(const std::unique_ptr<schema::Uuid>& id);
  std::string operator_name(const std::unique_ptr<schema::Uuid>& id, schema::Role role);
  /// `tenant` is the user's, as an alias; empty: not known.
  std::string user(const std::unique_ptr<schema::Uuid>& id, const std::string& tenant);
  /// What an id within an event is of; `tenant` as above.
  std::string inner(text::Named kind, const schema::Uuid& id, const std::string& tenant);
  /// Remembers the names an event gives, for when they are gone.
  void learn(const schema::EventT& event);
  /// The same of what one message caused, about what it named: each caused something, in order.
  void learn(const std::vector<std::unique_ptr<schema::EventT>>& events, const Typed& typed);

 private:
  std::string named(const std::unique_ptr<schema::Uuid>& id);
  void pair(const std::vector<std::string>& ids, const std::vector<std::string>& names);
  template <class Body>
  std::optional<schema::HistoryPageT> read(Body body);
  void read_tenants();
  void read_operators();
  void read_roles(const std::string& tenant);
  void read_user(const schema::Uuid& id, const std::string& tenant);
  /// What has no entry any more still has the record that made it.
  void read_made(const char* kind, const std::string& tenant);

  Session& session_;
  /// Nobody answers, so nobody is asked again.
  bool silent_ = false;
  std::unordered_map<std::string, std::string> names_;
  std::set<std::string> made_read_;
};

}  // namespace postern::cli
