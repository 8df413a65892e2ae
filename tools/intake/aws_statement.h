// One statement of an AWS policy as grants, or why it is none. Functions without state.
#pragma once

#include <boost/json/object.hpp>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tools/intake/translation.h"

namespace postern::intake {

/// The actions that grants name, by service: the catalogue they need.
using AwsActions = std::map<std::string, std::set<std::string>>;

/// `about`: what it belongs to, for notes.
std::vector<Grant> grants_of_statement(const boost::json::object& statement,
                                       const std::string& about, AwsActions& actions,
                                       std::vector<Note>& notes);

/// Small letters, others than [a-z0-9._-] as hyphens; at most 63.
std::string aws_name(std::string_view name);

}  // namespace postern::intake
