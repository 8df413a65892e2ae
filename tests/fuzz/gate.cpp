// The gates of the daemon: commands, questions, requests of the history, stored records. Whatever
// they let through can be read everywhere without leaving the message.
//
// Built as a canary too, with the check of a message's form switched off: that must be found.
#include "daemon/domain/fold.h"
#include "daemon/platform/require.h"
#include "daemon/service/inbound.h"
#include "schema/text_view.h"
#include "tests/fuzz/desk.h"
#include "tests/fuzz/target.h"
#include "tests/fuzz/walk.h"
#include "tests/support/restored.h"

namespace postern::fuzz {

namespace {

using namespace service;

#ifdef POSTERN_FUZZ_CANARY
template <class Root>
std::expected<OpenedMessage<Root>, schema::ProblemT> open_unguarded(
    std::span<const std::byte> payload, const char* identifier) {
  constexpr std::size_t header_bytes = 8;
  if (payload.size() < header_bytes ||
      !flatbuffers::BufferHasIdentifier(payload.data(), identifier))
    return std::unexpected(make_problem(schema::Code::malformed_message, ""));
  return OpenedMessage<Root>(std::vector<std::byte>(payload.begin(), payload.end()));
}
#endif

template <class Root>
void open_and_read(std::span<const std::byte> payload, const char* identifier,
                   [[maybe_unused]] MessageLimits limits) {
#ifdef POSTERN_FUZZ_CANARY
  auto opened = open_unguarded<Root>(payload, identifier);
#else
  auto opened = open_message<Root>(payload, identifier, limits);
#endif
  if (opened) {
    walk_as<Root>(opened->bytes());
  } else {
    require(!opened.error().sentence.empty());
    require(!opened.error().remedy.empty());
  }
}

/// What the short way read is what the message says.
void compare(const CheckParts& parts, const schema::Query& query) {
  const schema::Check* check = query.body_as_Check();
  require(check != nullptr && parts.questions == check->questions());
  require(parts.id == query.id() && parts.at_least_seq == query.at_least_seq());
  require(parts.receipt == query.receipt() && parts.call == query.call());
  require(parts.tenant == schema::view_of(query.tenant()));
  require(parts.credential_kind == check->credential_type());
  require(parts.credential == check->credential());
  const schema::NamedUser* named = check->credential_as_NamedUser();
  require(parts.username == (named == nullptr ? "" : schema::view_of(named->username())));
  require(parts.question_count == check->questions()->size());
  if (parts.question_count != 1) return;
  const schema::Question& only = *check->questions()->Get(0);
  require(parts.only.action == schema::view_of(only.action()));
  require(parts.only.resource == schema::view_of(only.resource()));
  require(parts.only.this_level_only == only.this_level_only());
}

/// The short way to the form of a check lets nothing through that the long one would not, and reads
/// what it would.
void judge_as_check(std::span<const std::byte> payload) {
  const std::vector<std::byte> aligned(payload.begin(), payload.end());
  CheckLists lists;
  CheckParts parts;
  const bool passed = read_check(aligned, query_limits, lists, parts);
  // The same when the lists are known already, or are those of whatever came before.
  require(read_check(aligned, query_limits, lists, parts) == passed);
  static CheckLists learnt;
  require(read_check(aligned, query_limits, learnt, parts) == passed);
  if (!passed) return;
  const MessageForm form = form_of_query(aligned, schema::query_identifier, query_limits);
  require(form.verdict == MessageForm::Verdict::well_formed);
  require(form.unpacked_bytes == parts.unpacked_bytes);
  compare(parts, *flatbuffers::GetRoot<schema::Query>(aligned.data()));
}

/// What is known of whatever came before says the same as looking at all of it.
void judge_as_command(std::span<const std::byte> payload) {
  if (payload.size() > service::command_limits.bytes_max) return;
  const std::vector<std::byte> aligned(payload.begin(), payload.end());
  static KnownForms known(schema::command_message_identifier, command_limits);
  const MessageForm found = known.form_of_command(aligned);
  const MessageForm form =
      form_of_command(aligned, schema::command_message_identifier, command_limits);
  require(found.verdict == form.verdict && found.unpacked_bytes == form.unpacked_bytes);
}

/// Twice onto the same state, because a record is folded at every start: with the same result.
void fold_record(std::span<const std::byte> bytes) {
  domain::RecordGate gate;
  const auto record = gate.open(bytes);
  if (!record) return require(!record.error().sentence.empty());
  schema::RecordT native;
  (*record)->UnPackTo(&native);
  domain::State first = support::copied(prepared().state());
  domain::State second = support::copied(prepared().state());
  domain::Changes changes;
  const auto before = support::canonical(first);
  const bool folded = domain::fold(first, gate, bytes, changes).has_value();
  if (!folded) require(changes.empty() && support::canonical(first) == before);
  require(domain::fold(second, gate, bytes, changes).has_value() == folded);
  require(support::canonical(first) == support::canonical(second));
}

}  // namespace

}  // namespace postern::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace postern;
  using namespace postern::fuzz;
  const auto bytes = bytes_of(data, size);
  open_and_read<schema::CommandMessage>(bytes, schema::command_message_identifier,
                                        service::command_limits);
  open_and_read<schema::Query>(bytes, schema::query_identifier, service::query_limits);
  open_and_read<schema::HistoryRequest>(bytes, schema::history_request_identifier,
                                        service::history_limits);
  judge_as_check(bytes);
  judge_as_command(bytes);
  fold_record(bytes);
  return 0;
}
