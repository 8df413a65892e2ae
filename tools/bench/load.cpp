#include <algorithm>

#include "tools/bench/control.h"
#include "tools/bench/figures.h"

namespace postern::bench {

namespace {

constexpr std::size_t batches_in_flight = 8;
constexpr std::size_t commands_in_flight = 1'000;
/// Messages are made and sent in parts, so that the bench itself stays small.
constexpr std::size_t users_per_part = 20'000;

struct SendResult {
  std::uint64_t last_seq = 0;
  double seconds = 0;
};

SendResult send_all(Dealer& dealer, CommandStream& stream, std::size_t window) {
  const Run run =
      ask_pipelined({&dealer, 1}, stream.reel, window, {.count = stream.reel.messages.size()});
  return {check_receipts(stream, run), run.seconds};
}

}  // namespace

double load_users(Bench& bench, const DaemonProcess& daemon, std::size_t users,
                  bool with_passwords) {
  Dealer dealer(daemon.door("commands", DoorKind::ipc));
  CommandStream tenants = make_tenants(bench.next_stream(), users);
  send_all(dealer, tenants, 1);
  SendResult all;
  for (std::size_t first = 0; first < users; first += users_per_part) {
    CommandStream part = make_users(bench.next_stream(), first,
                                    std::min(users, first + users_per_part), with_passwords);
    const SendResult sent = send_all(dealer, part, batches_in_flight);
    all = {sent.last_seq, all.seconds + sent.seconds};
  }
  // Receipts leave before the reader hears of the records.
  await_seq(daemon, all.last_seq);
  return static_cast<double>(users * (1 + grants_per_user)) / all.seconds;
}

Run switch_access(Bench& bench, Dealer& dealer, std::size_t count) {
  CommandStream stream = make_access_switches(
      bench.next_stream(), count, first_written_user(bench.sizes), bench.sizes.small_users);
  Run run = ask_pipelined({&dealer, 1}, stream.reel, commands_in_flight, {.count = count});
  check_receipts(stream, run);
  return run;
}

}  // namespace postern::bench
