// Users, groups and policies of AWS IAM: the output of `aws iam get-account-authorization-details`,
// or one policy document. Functions without state.
#pragma once

#include <expected>
#include <string>

#include "tools/intake/translation.h"

namespace postern::intake {

/// A group is the role "group.NAME", a policy that is attached "policy.NAME"; inline policies of a
/// user are its own grants. Else why the file is none.
std::expected<Translation, std::string> read_aws_iam(const std::string& text);

}  // namespace postern::intake
