// The steps from the catalogue that stands to the one that is wanted (A7). Functions without state.
#pragma once

#include "tools/cli/plan.h"

namespace postern::cli {

using Kinds = std::vector<std::unique_ptr<schema::CatalogueKindT>>;

/// What is wanted and is not there, or is otherwise.
std::vector<Step> define_catalogue(const Kinds& wanted, const Kinds& standing);
/// What is there and is not wanted.
std::vector<Step> retire_catalogue(const Kinds& wanted, const Kinds& standing);

}  // namespace postern::cli
