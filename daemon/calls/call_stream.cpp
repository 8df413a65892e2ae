#include "daemon/calls/call_stream.h"

namespace postern::calls {

Expected<CallStream> CallStream::open(const std::filesystem::path& folder,
                                      const credential::KeyStore* keys,
                                      CallSeals::FindUser find_user) {
  auto files = CallRing::list(folder);
  if (!files) return std::unexpected(files.error());
  return CallStream(CallReader(std::move(*files)), keys, std::move(find_user));
}

Expected<> CallStream::read_on() {
  seals_ = keys_ == nullptr ? nullptr : std::make_unique<CallSeals>(*keys_, find_user_);
  at_end_ = true;
  std::size_t looked_at = 0;
  return reader_.read(next_, [&](std::uint64_t position, std::span<const std::byte> bytes) {
    if (position >= part_.end) return false;
    next_ = position + 1;
    auto entry = open_entry(bytes);
    if (entry && entry->call.user != nullptr && (!part_.is_wanted || part_.is_wanted(*entry))) {
      entry->call.position = position;
      ahead_.push_back(std::move(*entry));
    }
    at_end_ = ++looked_at < step_calls;
    return at_end_;
  });
}

const Entry& CallStream::opened_front() {
  if (seals_ != nullptr) seals_->open(ahead_.front());
  return ahead_.front();
}

}  // namespace postern::calls
