#include "daemon/service/scrubber.h"

#include <algorithm>
#include <utility>

namespace postern::service {

namespace {

Failure not_the_tree(std::uint64_t first, std::uint64_t last) {
  return {FailureKind::damaged,
          "records " + std::to_string(first) + " to " + std::to_string(last) +
              " are no longer what the tree says",
          ""};
}

}  // namespace

Scrubber::Scrubber(Parts parts)
    : parts_(std::move(parts)), due_ns_(parts_.clock.monotonic_ns() + between_pages_ns) {}

void Scrubber::turn() {
  const std::int64_t now_ns = parts_.clock.monotonic_ns();
  if (found_damage_ || now_ns < due_ns_) return;
  if (!under_way_) begin();
  due_ns_ = now_ns + pace_ns_;
  Expected<> whole = read_page();
  const bool at_the_end = whole && tree_.size() == target_.seq;
  if (at_the_end) whole = parts_.journal.check_files();
  if (!whole && whole.error().kind == FailureKind::damaged) return found_damage(whole.error());
  if (!whole) return could_not_look(whole.error());
  could_look();
  if (at_the_end) end();
}

void Scrubber::found_damage(const Failure& failure) {
  found_damage_ = true;
  parts_.vitals.degraded = true;
  parts_.log(diagnostic<Line::journal_damaged>(failure));
}

void Scrubber::could_not_look(const Failure& failure) {
  due_ns_ = parts_.clock.monotonic_ns() + between_tries_ns;
  if (parts_.vitals.scrub_hindered.exchange(true)) return;
  parts_.log(diagnostic<Line::scrub_hindered>(failure));
}

void Scrubber::could_look() {
  if (parts_.vitals.scrub_hindered.exchange(false)) parts_.log(diagnostic<Line::scrub_resumed>());
}

void Scrubber::begin() {
  under_way_ = true;
  began_ns_ = parts_.clock.monotonic_ns();
  began_at_ns_ = parts_.clock.now_ns();
  target_ = parts_.journal.head();
  tree_ = {};
  const auto pages = static_cast<std::int64_t>(target_.seq / page_records + 1);
  pace_ns_ = std::min(between_pages_ns, pass_ns_max / pages);
}

Expected<> Scrubber::read_page() {
  const auto cursor = parts_.journal.read_from(tree_.size() + 1);
  std::uint64_t bytes = 0;
  for (std::uint64_t read = 0;
       read < page_records && bytes < page_bytes && tree_.size() < target_.seq; ++read) {
    const auto record = cursor->next();
    if (!record) return std::unexpected(record.error());
    if (record->empty()) return std::unexpected(not_the_tree(tree_.size() + 1, target_.seq));
    tree_.append(*record);
    bytes += record->size();
    count(parts_.vitals.scrubbed_records);
    const std::uint64_t in_block = tree_.size() % journal::Tree::block_size;
    if (in_block != 0) continue;
    const std::uint64_t index = tree_.size() / journal::Tree::block_size - 1;
    if (tree_.block() != parts_.journal.block(index))
      return std::unexpected(
          not_the_tree(tree_.size() - journal::Tree::block_size + 1, tree_.size()));
  }
  if (tree_.size() == target_.seq && tree_.root() != target_.root)
    return std::unexpected(not_the_tree(
        target_.seq / journal::Tree::block_size * journal::Tree::block_size + 1, target_.seq));
  return {};
}

void Scrubber::end() {
  under_way_ = false;
  parts_.vitals.read_whole_ns = began_at_ns_;
  count(parts_.vitals.scrub_passes);
  due_ns_ = std::max(due_ns_, began_ns_ + between_passes_ns);
}

}  // namespace postern::service
