// A journal on disk with one file altered: it gives every record as it was written, or a failure,
// for the daemon and for the auditor alike.
//
//   input = place how edit*          ; of the folder's files in order of their names
//   how   = bit 0: LevelDB's checksums in the file are made right, so that damage gets past them
//           bit 1: the file is taken away
//           bit 2: it ends where the first edit lies
//   edit  = at (2, low byte first, modulo the file's size) value
#include <algorithm>
#include <filesystem>
#include <string>
#include <utility>

#include "daemon/platform/require.h"
#include "tests/fuzz/target.h"
#include "tests/fuzz/whole_journal.h"
#include "tests/support/journal_bytes.h"
#include "tests/support/leveldb_checksums.h"

namespace {

namespace fs = std::filesystem;
using namespace postern;
using namespace postern::journal;

using fuzz::WholeJournal;

/// What the edits make of a file.
std::string edited(std::string content, std::string_view edits, bool cut) {
  constexpr std::size_t edit_bytes = 3;
  for (; edits.size() >= edit_bytes && !content.empty(); edits.remove_prefix(edit_bytes)) {
    const auto low = static_cast<unsigned char>(edits[0]);
    const auto high = static_cast<unsigned char>(edits[1]);
    const std::size_t at = (low + std::size_t{256} * high) % content.size();
    content[at] = edits[2];
    if (std::exchange(cut, false)) content.resize(at);
  }
  return content;
}

template <class Open>
bool opens_whole(const Head& head, Open open) {
  std::uint64_t seen = 0;
  bool altered = false;
  const auto journal = open([&](std::uint64_t seq, View record) -> Expected<> {
    altered |= seq != ++seen || !std::ranges::equal(record, support::record_at(seq));
    return {};
  });
  if (!journal) {
    require(!journal.error().sentence.empty() && !journal.error().remedy.empty());
    return false;
  }
  require(!altered && seen == WholeJournal::last && (*journal)->head() == head);
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const WholeJournal whole;
  if (size < 2) return 0;
  const auto file = std::next(whole.image.begin(), data[0] % whole.image.size());
  const fs::path path = whole.folder.path() / file->first;
  std::string content = edited(file->second, fuzz::text_of(data + 2, size - 2), (data[1] & 4) != 0);
  const bool is_log = file->first.ends_with(".log") || file->first.starts_with("db/MANIFEST");
  if ((data[1] & 1) != 0 && is_log) support::mend_checksums(content);
  if ((data[1] & 2) != 0)
    fs::remove(path);
  else
    write_bytes(path, content);
  const bool read = opens_whole(
      whole.head, [](const OnRecord& take) { return read_journal(whole.folder.path(), take); });
  // Opening writes, which takes longer: for some inputs alone.
  if (size % 8 == 0) {
    const bool opened =
        opens_whole(whole.head, [](const OnRecord& take) { return whole.folder.open(take); });
    require(opened == read);
    put_back(whole.folder.path(), whole.image);
  } else {
    write_bytes(path, file->second);
  }
  return 0;
}
