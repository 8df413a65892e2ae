// Names that the daemon knows and tells this operator, of one kind at a time: for completions, and
// for who mistyped one. One page of each is asked for, whatever there is.
// Thread: the client's. Failure: nothing is told, as where nothing is known.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/client/client.h"

namespace postern::cli {

enum class NameKind {
  tenant,
  user,
  role,
  /// Of a user.
  key,
  operator_entry,
  /// A7: of the catalogue.
  kind,
  action,
  resource,
  /// Of the grants of a user or role.
  held_action,
  held_resource,
};

struct NamesWanted {
  NameKind kind;
  std::string tenant = {};
  /// Whose, where it is of one.
  std::string user = {};
  std::string role = {};
  std::string prefix = {};
  std::uint32_t count_max = 200;
};

/// In order, each once.
std::vector<std::string> known_names(client::Client& client, const NamesWanted& wanted);

/// The one that was most likely meant (schema/nearest_name.h), looked for among the first names of
/// its kind, those that begin as it does, and users that end so.
std::optional<std::string> nearest_known_name(client::Client& client, NamesWanted wanted,
                                              const std::string& typed);

}  // namespace postern::cli
