// Names for ids in tables, asked for once each; an id stays one where its name may not be read.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "history_generated.h"

namespace postern::cli {

class Session;

class Names {
 public:
  explicit Names(Session& session) : session_(session) {}

  std::string tenant(const std::unique_ptr<schema::Uuid>& id);
  std::string operator_name(const std::unique_ptr<schema::Uuid>& id, schema::Role role);
  /// `tenant` is the user's, as an alias; empty: not known.
  std::string user(const std::unique_ptr<schema::Uuid>& id, const std::string& tenant);

 private:
  std::string named(const std::unique_ptr<schema::Uuid>& id);
  template <class Body>
  std::optional<schema::HistoryPageT> read(Body body);
  void read_tenants();
  void read_operators();
  void read_user(const schema::Uuid& id, const std::string& tenant);

  Session& session_;
  std::unordered_map<std::string, std::string> names_;
};

}  // namespace postern::cli
