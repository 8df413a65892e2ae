// All that the asking thread ever allocated with `new`, in the test program that links this.
#pragma once

#include <cstddef>

namespace postern::support {

std::size_t allocated_bytes();

}  // namespace postern::support
