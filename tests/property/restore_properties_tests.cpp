// Law 4: a state read from its compact bytes is the one that folding gives, decides as it does, and
// goes on as it does; and whatever the bytes are, what is read from them is written and read again
// as what it is.
#include <boost/test/unit_test.hpp>
#include <map>

#include "daemon/domain/fold.h"
#include "tests/property/random_run.h"
#include "tests/support/restored.h"
#include "tests/support/scenario.h"

using namespace postern;
using namespace postern::property;
using support::Bytes;
using support::canonical;
using support::copied;

namespace {

constexpr std::size_t everyday_seeds = 150;
constexpr int messages_per_seed = 600;

domain::State folded(std::span<const Bytes> records, domain::State state = {}) {
  domain::RecordGate gate;
  domain::Changes changes;
  for (const Bytes& record : records) {
    const auto taken = domain::fold(state, gate, std::as_bytes(std::span(record)), changes);
    BOOST_REQUIRE_MESSAGE(taken, taken.error().sentence);
  }
  return state;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(restore_properties_tests)

BOOST_AUTO_TEST_CASE(a_state_read_from_its_bytes_decides_and_goes_on_as_the_folded_one) {
  std::map<schema::EventBody, int> events;
  const bool all = for_each_seed(everyday_seeds, [&](std::uint64_t seed) {
    Run run(seed);
    bool is_due = false;
    run.world.watcher = [&](const schema::Command& command, std::uint32_t index,
                            const domain::Material& material, const domain::Context& context,
                            const support::Decision& first) {
      if (!is_due || index != 0) return;
      const domain::State copy = copied(run.world.state());
      if (const auto found = support::differences(run.world.state(), copy); !found.empty())
        BOOST_ERROR("at seq " << copy.seq() << ": " << found);
      const support::Decision second = support::decide(copy, command, index, material, context);
      if (second.events != first.events || second.refusals != first.refusals)
        BOOST_ERROR(schema::EnumNameCommandBody(command.body_type()) << " decided otherwise");
      is_due = false;
    };
    std::optional<domain::State> middle;
    for (int count = 0; count < messages_per_seed; ++count) {
      is_due = count % 8 == 0;
      for (const schema::EventT& event : run.step().events) ++events[event.body.type];
      // The one fact beside the first that no command causes.
      if (count % 100 == 50) {
        schema::EventT restored;
        restored.body.Set(schema::JournalRestoredT());
        restored.body.AsJournalRestored()->restoration =
            std::make_unique<schema::Uuid>(8, static_cast<std::uint64_t>(count));
        run.world.record({}, {restored});
        ++events[restored.body.type];
      }
      if (count == messages_per_seed / 2) middle = copied(run.world.state());
    }
    const domain::Seq seq = middle->seq();
    const auto later = std::span(run.world.records()).subspan(seq);
    BOOST_TEST(!later.empty());
    const domain::State end = folded(later, std::move(*middle));
    BOOST_TEST(support::differences(run.world.state(), end) == "");
  });
  if (!all) return;
  // Not made by a command: what a World begins with.
  for (const schema::EventBody kind : schema::EnumValuesEventBody())
    if (kind != schema::EventBody::NONE && kind != schema::EventBody::JournalCreated)
      BOOST_TEST(events[kind] > 0, schema::EnumNameEventBody(kind) << " never came up");
}

BOOST_AUTO_TEST_CASE(a_short_history_can_be_cut_at_every_record) {
  constexpr int messages = 60;
  for_each_seed(8, [&](std::uint64_t seed) {
    Run run(seed);
    for (int count = 0; count < messages; ++count) run.step();
    const std::span<const Bytes> records(run.world.records());
    const Bytes whole = canonical(run.world.state());
    for (std::size_t cut = 1; cut <= records.size(); ++cut) {
      const domain::State before = folded(records.first(cut));
      domain::State copy = copied(before);
      if (const auto found = support::differences(before, copy); !found.empty())
        BOOST_ERROR("cut at " << cut << ": " << found);
      const domain::State end = folded(records.subspan(cut), std::move(copy));
      if (canonical(end) != whole) BOOST_ERROR("cut at " << cut << " ends otherwise");
    }
  });
}

BOOST_AUTO_TEST_CASE(what_is_read_from_damaged_bytes_is_a_state_that_is_written_again) {
  constexpr int damages = 60;
  int refused = 0;
  int read = 0;
  const bool all = for_each_seed(everyday_seeds, [&](std::uint64_t seed) {
    Run run(seed);
    for (int count = 0; count < 40; ++count) run.step();
    const auto whole = support::compact(run.world.state());
    for (int count = 0; count < damages; ++count) {
      auto blocks = whole;
      Bytes& bytes = blocks[run.random.below(blocks.size())].bytes;
      std::uint8_t& byte = bytes[run.random.below(bytes.size())];
      switch (run.random.below(4)) {
        case 0:
          byte = static_cast<std::uint8_t>(byte ^ (1U << run.random.below(8)));
          break;
        case 1:
          byte = static_cast<std::uint8_t>(run.random.below(256));
          break;
        case 2:
          bytes.resize(run.random.below(bytes.size()));
          break;
        case 3:
          bytes.insert(bytes.end(), bytes.begin(), bytes.begin() + bytes.size() / 3);
          break;
      }
      const auto copy = support::restored(blocks, run.world.state().place());
      ++(copy ? read : refused);
      if (copy && canonical(copied(*copy)) != canonical(*copy))
        BOOST_ERROR("read as something else");
    }
  });
  if (!all) return;
  BOOST_TEST(refused > damages);
  BOOST_TEST(read > damages);
}

BOOST_AUTO_TEST_CASE(each_truncation_is_refused_or_ends_between_two_entries) {
  Run run(1);
  for (int count = 0; count < 30; ++count) run.step();
  const auto whole = support::compact(run.world.state());
  std::size_t read = 0;
  for (std::size_t place = 0; place < whole.size(); ++place)
    for (std::size_t size = 0; size < whole[place].bytes.size(); ++size) {
      auto blocks = whole;
      blocks[place].bytes.resize(size);
      const auto copy = support::restored(blocks, run.world.state().place());
      if (!copy) continue;
      ++read;
      if (canonical(copied(*copy)) != canonical(*copy)) BOOST_ERROR("read as something else");
    }
  BOOST_TEST(read > 1U);
  BOOST_TEST(read < 100U);
}

BOOST_AUTO_TEST_SUITE_END()
