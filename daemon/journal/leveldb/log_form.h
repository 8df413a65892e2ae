// The form of LevelDB's logs and manifests: blocks of 32 KiB, in each fragments of checksum (4
// bytes), length (2), type (1) and payload; a record is one fragment or several.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace postern::journal {

/// The records of one file. Whether checksums are right is not looked at.
class LogRecords {
 public:
  /// `content` outlives it.
  explicit LogRecords(std::string_view content) : content_(content) {}

  /// Nothing at the end, which is also where a fragment is cut or has an unknown type.
  std::optional<std::string> next();

 private:
  std::string_view content_;
  std::size_t at_ = 0;
};

/// Where whole records end, if what follows is what a power cut may leave of one write that was
/// never synced: any of its sectors missing, and nothing behind it. The file's size if there is no
/// such rest. A record behind damage means that the disk lost what it had synced: then too.
std::uint64_t end_before_torn_write(std::string_view content);

}  // namespace postern::journal
