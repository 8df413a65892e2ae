#include "tests/fuzz/whole_journal.h"

#include "daemon/platform/require.h"
#include "tests/support/journal_bytes.h"

namespace postern::fuzz {

using namespace journal;

WholeJournal::WholeJournal() {
  options.folder = temporary.path() / "journal";
  options.write_buffer_bytes = 64 << 10;
  require(create_leveldb_journal(options).has_value());
  // Opened several times, so that there are tables and a log.
  for (std::uint64_t seq = 1; seq <= last; seq += last / 3) {
    auto opened = open_leveldb_journal(options, [](auto, auto) { return Expected<>{}; });
    require(opened.has_value());
    const auto records = support::records_from(seq, last / 3);
    require((*opened)->append(seq - 1, support::views(records)).has_value());
    head = (*opened)->head();
    require((*opened)->close().has_value());
  }
  image = image_of(options.folder);
}

}  // namespace postern::fuzz
