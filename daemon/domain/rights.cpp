#include "daemon/domain/rights.h"

#include <algorithm>
#include <limits>

#include "daemon/domain/path.h"
#include "daemon/platform/require.h"

namespace postern::domain {

RightId Rights::intern(const std::string& resource, const std::string& action) {
  const auto found = ids_.find(Texts{&resource, &action});
  if (found != ids_.end()) return *found;
  require(size_ < std::numeric_limits<RightId>::max());
  const auto id = static_cast<RightId>(size_);
  const Place place(id);
  std::unique_ptr<Right[]>& page = pages_[place.page];
  // Not filled: of a large one only what is used takes memory.
  if (page == nullptr)
    page = std::make_unique_for_overwrite<Right[]>(Place::first_page_size << place.page);
  Right& made = page[place.in_page];
  made.resource = &resource;
  made.action = &action;
  made.resource_bytes = static_cast<std::uint32_t>(resource.size());
  made.mark = mark_of(resource);
  made.wildcard = resource.find('*') != std::string::npos;
  if (resource.size() <= Right::short_max) std::ranges::copy(resource, made.short_text.begin());
  ++size_;
  ids_.insert(id);
  return id;
}

void Rights::keep_first(std::size_t count) {
  while (size_ > count) {
    ids_.erase(static_cast<RightId>(size_ - 1));
    --size_;
  }
}

}  // namespace postern::domain
