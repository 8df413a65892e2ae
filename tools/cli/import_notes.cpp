// notes := begin { sending | done | renewed | out }   each a JSON object in a size-prefixed message
#include "tools/cli/import_notes.h"

#include <fmt/format.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_to.hpp>

#include "tools/cli/verb.h"
#include "tools/client/client.h"
#include "tools/text/ids.h"
#include "tools/text/shown.h"

namespace postern::cli {
namespace {

namespace json = boost::json;

std::filesystem::path beside(std::filesystem::path file) { return file += ".import"; }

ImportFacts facts_from(const json::object& begin) {
  ImportFacts facts;
  facts.sha256 = json::value_to<std::string>(begin.at("sha256"));
  facts.tenant = json::value_to<std::string>(begin.at("tenant"));
  facts.options = json::value_to<std::string>(begin.at("options"));
  facts.reason = json::value_to<std::string>(begin.at("reason"));
  facts.entries = begin.at("entries").to_number<std::uint64_t>();
  facts.seed = json::value_to<std::string>(begin.at("seed"));
  facts.password_length_min = begin.at("password_length_min").to_number<std::uint16_t>();
  facts.password_forbidden_characters =
      json::value_to<std::string>(begin.at("password_forbidden_characters"));
  facts.names_are_generated = begin.at("names_are_generated").as_bool();
  facts.began_at_seq = begin.at("began_at_seq").to_number<std::uint64_t>();
  for (const auto& line : begin.at("left_out").as_array())
    facts.left_out.insert(line.to_number<std::uint64_t>());
  return facts;
}

schema::Uuid id_from(const json::value& value) {
  const auto id = text::parse_uuid(json::value_to<std::string>(value));
  if (!id) throw std::invalid_argument("no id");
  return *id;
}

void take_note(const json::object& note, ImportFacts& facts, std::vector<SentBatch>& batches,
               ImportOut& out) {
  if (const auto* begin = note.if_contains("begin")) {
    facts = facts_from(begin->as_object());
  } else if (const auto* sending = note.if_contains("sending")) {
    for (const auto& one : sending->as_array()) {
      auto& batch = batches.emplace_back();
      batch.id = id_from(one.at("id"));
      batch.commands = one.at("commands").to_number<std::size_t>();
      batch.part = static_cast<AccountPart>(one.at("part").to_number<int>());
    }
  } else if (const auto* done = note.if_contains("done")) {
    SentBatch& batch = batches.at(done->to_number<std::size_t>());
    batch.seq = note.at("seq").to_number<std::uint64_t>();
    batch.secrets = json::value_to<std::vector<std::string>>(note.at("secrets"));
    batch.names = json::value_to<std::vector<std::string>>(note.at("names"));
  } else if (const auto* path = note.if_contains("out")) {
    out = {json::value_to<std::string>(*path), json::value_to<std::string>(note.at("sha256"))};
  } else {
    batches.at(note.at("renewed").to_number<std::size_t>()).id = id_from(note.at("id"));
  }
}

}  // namespace

ImportNotes::ImportNotes(const std::filesystem::path& file) : file_(beside(file)) { read(file); }

ImportNotes::~ImportNotes() {
  if (!any()) remove();
}

/// What was torn by an interruption is cut off by `resume`.
void ImportNotes::read(const std::filesystem::path& file) {
  file_.resume([&](std::span<const std::uint8_t> message) {
    try {
      const json::string_view text(reinterpret_cast<const char*>(message.data()), message.size());
      take_note(json::parse(text).as_object(), facts_, batches_, out_);
    } catch (const std::exception&) {
      throw Stop{
          exit_codes::damaged,
          fmt::format("{} does not say what an import wrote.", text::printable(path().string())),
          fmt::format("If no import of {} is to go on, remove it.",
                      text::printable(file.string()))};
    }
    return true;
  });
}

void ImportNotes::write(const std::string& line) {
  file_.write({reinterpret_cast<const std::uint8_t*>(line.data()), line.size()});
}

void ImportNotes::begin(ImportFacts facts) {
  facts_ = std::move(facts);
  write(json::serialize(json::object{
      {"begin",
       json::object{{"sha256", facts_.sha256},
                    {"tenant", facts_.tenant},
                    {"options", facts_.options},
                    {"reason", facts_.reason},
                    {"entries", facts_.entries},
                    {"seed", facts_.seed},
                    {"password_length_min", facts_.password_length_min},
                    {"password_forbidden_characters", facts_.password_forbidden_characters},
                    {"names_are_generated", facts_.names_are_generated},
                    {"began_at_seq", facts_.began_at_seq},
                    {"left_out", json::array(facts_.left_out.begin(), facts_.left_out.end())}}}}));
  file_.sync();
}

void ImportNotes::sending(const std::vector<SentBatch>& more) {
  json::array list;
  for (const SentBatch& batch : more) {
    list.push_back(json::object{{"id", text::uuid_text(batch.id)},
                                {"commands", batch.commands},
                                {"part", static_cast<int>(batch.part)}});
    batches_.push_back(batch);
  }
  write(json::serialize(json::object{{"sending", std::move(list)}}));
  file_.sync();
}

void ImportNotes::done(std::size_t place, std::uint64_t seq, std::vector<std::string> secrets,
                       std::vector<std::string> names) {
  std::string line =
      json::serialize(json::object{{"done", place},
                                   {"seq", seq},
                                   {"secrets", json::array(secrets.begin(), secrets.end())},
                                   {"names", json::array(names.begin(), names.end())}});
  write(line);
  client::wipe(line);
  // Without its note a batch is asked for again, which tells no secret again.
  if (!secrets.empty()) file_.sync();
  batches_[place].seq = seq;
  batches_[place].secrets = std::move(secrets);
  batches_[place].names = std::move(names);
}

void ImportNotes::renew(std::size_t place, const schema::Uuid& id) {
  batches_[place].id = id;
  write(json::serialize(json::object{{"renewed", place}, {"id", text::uuid_text(id)}}));
  file_.sync();
}

void ImportNotes::writing_out(ImportOut out) {
  out_ = std::move(out);
  write(json::serialize(json::object{{"out", out_.path}, {"sha256", out_.sha256}}));
  file_.sync();
}

void ImportNotes::remove() {
  std::error_code error;
  std::filesystem::remove(path(), error);
}

}  // namespace postern::cli
