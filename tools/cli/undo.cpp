// What is done about records: one taken back (H10), a report of them gone through (H8).
#include <fmt/format.h>
#include <sodium.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>

#include "history_marks.h"
#include "schema/cleared_text.h"
#include "tools/cli/session.h"
#include "tools/text/json.h"
#include "tools/text/shown.h"
#include "tools/text/view_text.h"

namespace postern::cli {
namespace undo_commands {
namespace {

/// With text that clears as the empty text it is.
template <class Native>
boost::json::object json_of(const Native& native) {
  using Table = typename Native::TableType;
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(Table::Pack(builder, &native));
  const auto* root = flatbuffers::GetRoot<Table>(builder.GetBufferPointer());
  schema::empty_cleared_texts(*root);
  return text::object_of(reinterpret_cast<const std::uint8_t*>(root),
                         *Table::MiniReflectTypeTable());
}

/// "DisableUser api.bob", and what its body says.
std::string line_of(const schema::CommandT& command) {
  const auto object = json_of(command);
  const auto* body = object.if_contains("body");
  const bool has_body = body != nullptr && body->is_object() && !body->get_object().empty();
  return fmt::format("{}{}{}", schema::EnumNameCommandBody(command.body.type),
                     command.user.empty() ? "" : " " + text::printable(command.user),
                     has_body ? " " + text::json_text(body->get_object()) : "");
}

void show(Session& session, const schema::UndoPlanT& plan) {
  if (session.format() != text::Format::table) return session.print(json_of(plan));
  auto& talk = session.talk();
  talk << fmt::format("Record {} ({}) is taken back by:\n", plan.undone->seq,
                      text::cause_text(plan.undone));
  for (const auto& command : plan.commands) talk << "  " << line_of(*command) << '\n';
  for (const std::string& sentence : plan.left) talk << text::printable(sentence) << '\n';
}

int run_undo(Session& session, std::uint64_t seq) {
  schema::PlanUndoT wanted;
  wanted.seq = seq;
  auto page = session.page(request(std::move(wanted)));
  auto& plan = Session::part(page.body.AsUndoPlan());
  show(session, plan);
  schema::CommandMessageT message;
  message.tenant = plan.tenant;
  message.reason = fmt::format("undo of record {}", seq);
  message.commands = std::move(plan.commands);
  return session.change(std::move(message));
}

std::uint64_t seq_of(std::string_view text) {
  std::uint64_t seq = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), seq);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size() || seq == 0)
    stop_usage("SEQ is the number of a record, from 1.", "See 'postern events list'.");
  return seq;
}

Handler undo(Options& options) {
  auto seq = std::make_shared<std::string>();
  options.add("SEQ", seq.get(), "The record, as 'events list' shows it").required();
  return [seq](Session& session) { return run_undo(session, seq_of(*seq)); };
}

// ---- review

struct Review {
  std::string seq;
  std::string file;
  std::string sentence;
};

std::vector<std::uint8_t> sha256_of_file(const std::string& file) {
  std::ifstream opened(file, std::ios::binary);
  if (!opened)
    throw Stop{exit_codes::missing,
               fmt::format("Cannot read {}: {}.", text::printable(file), std::strerror(errno)),
               "Name the report's JSON file."};
  crypto_hash_sha256_state state;
  crypto_hash_sha256_init(&state);
  std::array<char, 65'536> piece{};
  while (opened) {
    opened.read(piece.data(), piece.size());
    crypto_hash_sha256_update(&state, reinterpret_cast<const unsigned char*>(piece.data()),
                              static_cast<unsigned long long>(opened.gcount()));
  }
  if (opened.bad())
    throw Stop{exit_codes::input_output, fmt::format("Cannot read {}.", text::printable(file)),
               "Check the disk that holds it."};
  std::vector<std::uint8_t> digest(crypto_hash_sha256_BYTES);
  crypto_hash_sha256_final(&state, digest.data());
  return digest;
}

Handler review(Options& options) {
  auto asked = std::make_shared<Review>();
  options.add("SEQ", &asked->seq, "The record that the report stands at").required();
  options.add("FILE", &asked->file, "The report as JSON; its SHA-256 is recorded").required();
  options.add("SENTENCE", &asked->sentence, "What you found; 1 KiB").required();
  return [asked](Session& session) {
    schema::RecordReviewT body;
    body.report_seq = seq_of(asked->seq);
    body.report_sha256 = sha256_of_file(asked->file);
    body.sentence = asked->sentence;
    return session.change(message_of(session.tenant(), "", std::move(body)));
  };
}

constexpr Verb verbs[] = {
    {"undo", Kind::changes, "Shows, and then sends, what takes a record back.",
     "undo 4711 --dry-run", undo},
    {"review", Kind::changes, "Records that you have gone through a report of the tenant.",
     "--tenant acme review 4711 report.json 'Two unused grants removed.'", review},
};

}  // namespace
}  // namespace undo_commands

const Noun undo_verbs = {"", "", undo_commands::verbs};

}  // namespace postern::cli
