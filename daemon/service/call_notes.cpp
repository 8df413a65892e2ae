#include "daemon/service/call_notes.h"

#include <algorithm>
#include <cstring>
#include <span>

#include "daemon/view/grants.h"
#include "schema/text_view.h"

namespace postern::service {

namespace {

using calls::CallNote;
using calls::Outcome;

/// What the bounds of messages let pass; longer texts are cut, so that the note stays bounded.
std::string_view text_of(const flatbuffers::String* text, std::size_t bytes_max) {
  return schema::view_of(text).substr(0, bytes_max);
}

std::string_view address_of(const NotedCall& noted) {
  return noted.call == nullptr ? std::string_view()
                               : text_of(noted.call->address(), calls::address_bytes_max);
}

std::string_view client_of(const NotedCall& noted) {
  return noted.call == nullptr ? std::string_view()
                               : text_of(noted.call->client(), calls::label_bytes_max);
}

CallNote head_of(const NotedCall& noted) {
  CallNote note;
  note.user = noted.user->id;
  note.tenant = noted.user->tenant;
  note.key = noted.key;
  note.service = noted.service;
  note.time_ns = noted.time_ns;
  note.seq = noted.seq;
  note.key_file = noted.user->key.file;
  note.key_slot = noted.user->key.slot;
  note.credential = noted.credential;
  note.verified = noted.verified;
  note.has_session = noted.session != nullptr;
  note.address_size = static_cast<std::uint8_t>(address_of(noted).size());
  note.client_size = static_cast<std::uint16_t>(client_of(noted).size());
  if (noted.call != nullptr) {
    note.channel = noted.call->channel();
    note.tls = noted.call->tls();
  }
  return note;
}

std::byte* put(std::byte* place, std::string_view text) {
  // Most are empty, and memcpy may not be given the null pointer of an empty text.
  if (!text.empty()) std::memcpy(place, text.data(), text.size());
  return place + text.size();
}

std::byte* put_head(std::byte* place, const CallNote& note, const NotedCall& noted) {
  std::memcpy(place, &note, sizeof note);
  place = put(place + sizeof note, address_of(noted));
  return put(place, client_of(noted));
}

/// Behind the outcomes.
void put_session(std::byte* place, const NotedCall& noted) {
  if (noted.session == nullptr) return;
  const credential::SessionToken& token = *noted.session;
  const calls::SessionNote note{token.session, token.first_ns, token.expires_ns, token.user_epoch,
                                token.tenant_epoch};
  std::memcpy(place, &note, sizeof note);
}

/// One outcome, with the question where it is given.
void note_one(calls::CallLine& line, const NotedCall& noted, const domain::Question* question,
              const domain::Verdict& verdict) {
  CallNote note = head_of(noted);
  note.logged = domain::extras_of(*noted.user).api_logging;
  note.reason = verdict.reason;
  note.outcome_count = 1;
  std::string_view action;
  std::string_view resource;
  if (question != nullptr && note.logged) {
    action = question->action.substr(0, calls::action_bytes_max);
    resource = question->resource.substr(0, calls::resource_bytes_max);
    note.has_question = true;
    note.this_level_only = question->this_level_only;
    note.action_size = static_cast<std::uint8_t>(action.size());
    note.resource_size = static_cast<std::uint16_t>(resource.size());
  }
  std::byte* place = line.reserve(note.bytes());
  if (place == nullptr) return line.drop(1);
  place = put(put(put_head(place, note, noted), action), resource);
  const Outcome outcome(verdict.grant, verdict.allowed());
  std::memcpy(place, &outcome, sizeof outcome);
  put_session(place + sizeof outcome, noted);
  line.hand_over(note.bytes());
}

}  // namespace

void note_authentication(calls::CallLine* line, const NotedCall& noted, schema::Code reason) {
  if (line != nullptr && noted.user != nullptr) note_one(*line, noted, nullptr, {reason, nullptr});
}

void note_question(calls::CallLine* line, const NotedCall& noted, const domain::Question& question,
                   const domain::Verdict& verdict) {
  if (line != nullptr && noted.user != nullptr) note_one(*line, noted, &question, verdict);
}

QuestionNotes::QuestionNotes(calls::CallLine* line, const NotedCall& noted,
                             std::size_t question_count)
    : line_(noted.user == nullptr ? nullptr : line),
      noted_(noted),
      one_by_one_(line_ != nullptr &&
                  (question_count == 1 || domain::extras_of(*noted.user).api_logging)),
      left_(question_count) {}

QuestionNotes::~QuestionNotes() {
  if (line_ == nullptr) return;
  if (together_ != nullptr) end_together();
  if (lost_ > 0) line_->drop(lost_);
}

/// One by one, not at all, or where there is no room.
void QuestionNotes::add_elsewhere(const schema::Question& question,
                                  const domain::Verdict& verdict) {
  if (line_ == nullptr) return;
  if (one_by_one_) {
    const domain::Question asked = view::question_of(question);
    return note_one(*line_, noted_, &asked, verdict);
  }
  if (count_ == room_) begin_together();
  if (together_ != nullptr) return put_together(verdict);
  ++lost_;
  ++count_;
}

void QuestionNotes::begin_together() {
  end_together();
  room_ = std::clamp<std::size_t>(left_, 1, calls::outcomes_max);
  left_ -= std::min(left_, room_);
  CallNote note = head_of(noted_);
  note.outcome_count = static_cast<std::uint32_t>(room_);
  std::byte* place = line_->reserve(note.bytes());
  together_ = place == nullptr ? nullptr : put_head(place, note, noted_);
}

void QuestionNotes::end_together() {
  if (together_ != nullptr && count_ > 0) {
    CallNote note = head_of(noted_);
    note.outcome_count = static_cast<std::uint32_t>(count_);
    // Fewer may have been decided than there was room for.
    std::memcpy(together_ - note.text_bytes() - sizeof note, &note, sizeof note);
    put_session(together_ + count_ * sizeof(Outcome), noted_);
    line_->hand_over(note.bytes());
  }
  together_ = nullptr;
  room_ = count_ = 0;
}

}  // namespace postern::service
