#include "replay/recorded_calls.h"

namespace postern::replay {

namespace {

constexpr std::size_t read_at_once = 4'096;

}  // namespace

Expected<RecordedCalls> RecordedCalls::open(const std::filesystem::path& folder,
                                            const credential::KeyStore* keys,
                                            calls::CallSeals::FindUser find_user) {
  auto files = calls::CallRing::list(folder);
  if (!files) return std::unexpected(files.error());
  RecordedCalls made(std::move(*files), keys, std::move(find_user));
  return made;
}

Expected<const calls::Entry*> RecordedCalls::front() {
  if (ahead_.empty() && !at_end_)
    if (const auto read = read_on(); !read) return std::unexpected(read.error());
  return ahead_.empty() ? nullptr : &ahead_.front();
}

Expected<> RecordedCalls::read_on() {
  std::optional<calls::CallSeals> seals;
  if (keys_ != nullptr) seals.emplace(*keys_, find_user_);
  at_end_ = true;
  return reader_.read(next_, [&](std::uint64_t position, auto bytes) {
    next_ = position + 1;
    auto entry = calls::open_entry(bytes);
    if (!entry || entry->call.user == nullptr) return true;
    if (seals) seals->open(*entry);
    entry->call.position = position;
    ahead_.push_back(std::move(*entry));
    at_end_ = ahead_.size() < read_at_once;
    return at_end_;
  });
}

}  // namespace postern::replay
