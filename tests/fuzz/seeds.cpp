// Writes the corpora that are made of messages: fuzz_seeds FOLDER. They are made at each run, so
// that new kinds of the schema are in them at once; what an older schema made is kept in corpus/.
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "daemon/platform/require.h"
#include "history_generated.h"
#include "schema/identifiers.h"
#include "tests/fuzz/desk.h"
#include "tests/fuzz/filled.h"
#include "tests/property/random_commands.h"
#include "tests/support/world.h"

namespace {

namespace fs = std::filesystem;
using namespace postern;

struct Corpora {
  fs::path root;

  template <class Bytes>
  void keep(const std::string& target, const std::string& name, const Bytes& bytes) const {
    fs::create_directories(root / target);
    std::ofstream stream(root / target / name, std::ios::binary | std::ios::trunc);
    stream.write(reinterpret_cast<const char*>(bytes.data()),
                 static_cast<std::streamsize>(bytes.size()));
    require(stream.good());
  }

  /// One for each kind of its union.
  template <class Root, class Kind>
  void keep_kinds(const std::string& target, const char* identifier, Kind last,
                  const char* const* names) const {
    for (std::size_t kind = 1; kind <= static_cast<std::size_t>(last); ++kind)
      keep(target, std::string(identifier) + "-" + names[kind],
           fuzz::filled(*Root::MiniReflectTypeTable(), identifier, kind - 1));
  }

  void keep_records(const std::string& target) const {
    keep_kinds<schema::Record>(target, schema::record_identifier, schema::EventBody::MAX,
                               schema::EnumNamesEventBody());
  }
};

std::string numbered(const char* name, std::size_t number) {
  char text[64];
  std::snprintf(text, sizeof(text), "%s-%02zu", name, number);
  return text;
}

void keep_commands(const Corpora& corpora) {
  std::size_t count = 0;
  for (const auto& message : fuzz::first_messages())
    corpora.keep("commands", numbered("first", count++), fuzz::packed(message));
  // What follows on the prepared state: as commands, and the records they left.
  property::RandomCommands random(7);
  fuzz::Desk desk;
  std::size_t recorded = 0;
  for (count = 0; count < 400 && recorded < 24; ++count) {
    const auto bytes = fuzz::packed(random.message(desk.state()));
    if (desk.take(bytes, desk.owner()) == fuzz::Outcome::recorded) {
      corpora.keep("commands", numbered("next", recorded), bytes);
      corpora.keep("gate", numbered("follows", recorded++), desk.records().back());
    }
    desk.rewind();
  }
}

}  // namespace

int main(int count, char** words) {
  if (count != 2) return 64;
  const Corpora corpora{words[1]};
  using namespace postern::schema;
  corpora.keep_kinds<CommandMessage>("gate", command_message_identifier, CommandBody::MAX,
                                     EnumNamesCommandBody());
  corpora.keep_kinds<Query>("gate", query_identifier, QueryBody::MAX, EnumNamesQueryBody());
  corpora.keep_kinds<HistoryRequest>("gate", history_request_identifier, HistoryBody::MAX,
                                     EnumNamesHistoryBody());
  corpora.keep_records("gate");
  corpora.keep("answers", receipt_identifier,
               postern::fuzz::filled(*ReceiptTypeTable(), receipt_identifier, 0));
  corpora.keep_kinds<Answer>("answers", answer_identifier, AnswerBody::MAX, EnumNamesAnswerBody());
  corpora.keep_kinds<HistoryPage>("answers", history_page_identifier, HistoryPageBody::MAX,
                                  EnumNamesHistoryPageBody());
  keep_commands(corpora);
  return 0;
}
