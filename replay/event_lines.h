// The events of a record as people read them, by the names that stood when it was written.
// Functions without state, for any thread.
#pragma once

#include <boost/json/object.hpp>
#include <functional>
#include <string>
#include <vector>

#include "replay/data_folder.h"

namespace postern::replay {

/// Empty: the record is of no tenant.
std::string tenant_name(const Step& step);
/// Who made the record.
std::string operator_name(const Step& step);

/// One event; what the record says of all of them stands in each.
struct EventLine {
  std::string operator_name;
  std::string tenant;
  /// Empty: it is about none.
  std::string user;
  std::string kind;
  std::string details;
};
/// Of those that `is_wanted`; empty: of all.
using WantedEvent = std::function<bool(const schema::Event&)>;
std::vector<EventLine> event_lines(const Step& step, const WantedEvent& is_wanted = {});

/// All that the record holds, but for what is sealed.
boost::json::object record_object(const schema::Record& record);

}  // namespace postern::replay
