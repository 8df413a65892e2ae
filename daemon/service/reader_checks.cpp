// Answers to checks, in slices where they take long.
#include <algorithm>
#include <utility>

#include "daemon/domain/checkpoint_names.h"
#include "daemon/service/question_texts.h"
#include "daemon/service/reader.h"
#include "daemon/view/grants.h"

namespace postern::service {

namespace {

using schema::Code;

/// How much of a long answer is made before the socket is looked at again: by what it looks at,
/// since one question may cost as much as a thousand others.
constexpr std::size_t slice_work = 8'192;
/// Reading a question and packing its answer, beside what authorizing looks at.
constexpr std::size_t question_work = 8;
/// Packing a receipt and signing it.
constexpr std::size_t receipt_work = 256;
constexpr flatbuffers::uoffset_t slice_questions = 256;
/// Their entries hold back what is published meanwhile: beyond, the oldest is told `busy`.
constexpr std::size_t held_back_max = 256;
/// Messages whose memory is kept for the next; of a few hundred questions, as most are.
constexpr std::size_t spares_max = 8;
constexpr std::size_t spare_bytes_max = 32'768;
/// When a place may be free.
constexpr std::uint32_t long_retry_ms = 100;

const Questions& questions_of(const Asking& asking) {
  return asking.by_name.questions != nullptr ? *asking.by_name.questions
                                             : *asking.query->body_as_Check()->questions();
}

/// Null: it is a check.
const schema::Authenticate* authenticate_in(const Asking& asking) {
  return asking.by_name.questions != nullptr ? nullptr : asking.query->body_as_Authenticate();
}

}  // namespace

/// A plain one, at once and without a copy of it: most are.
void Reader::check_where_it_lies(const domain::Operator& asker, const Peer& peer,
                                 const CheckParts& found) {
  domain::CallFacts call;
  call.now_ns = clock_.now_ns();
  call.providers = &view_.tables().providers();
  const view::Bearer bearer =
      view::bearer_in(view_, asker, tenant_of(asker, found.tenant), found.username, call);
  count_alone(parts_.vitals.decisions);
  const domain::Verdict verdict = view::check(bearer, found.only, call);
  work_ += question_work + verdict.work;
  parts_.vitals.measures.decisions.add(verdict.reason);
  const bool verified = bearer.stop == Code::ok;
  NotedCall noted;
  noted.user = bearer.user;
  noted.service = asker.id;
  noted.verified = verified;
  noted.time_ns = call.now_ns;
  noted.seq = head_.seq;
  note_question(parts_.calls, noted, found.only, verdict);
  checked_->begin(1);
  checked_->add(verdict);
  checked_->finish({found.id, head_.seq, call.now_ns, verified ? &bearer.user->id : nullptr});
  answers_.send_at_once(schema::QueryBody::Check, peer, checked_->bytes());
}

/// Answers an authentication or a check whose stops before the question are known.
void Reader::check(Asking& asking, Bearer&& bearer) {
  if (const auto* authenticate = authenticate_in(asking))
    return answer_authenticated(asking, std::move(bearer), !authenticate->decline_token());
  const std::size_t questions = questions_of(asking).size();
  count_alone(parts_.vitals.decisions, questions);
  if (bearer.stop != Code::ok || questions == 1) return check_one(asking, bearer);
  check_many(asking, bearer);
}

/// One question, or all of a bearer that is stopped.
void Reader::check_one(const Asking& asking, const Bearer& bearer) {
  const schema::Query& query = *asking.query;
  const Questions& questions = questions_of(asking);
  NotedCall noted = noted_call(asking, bearer);
  noted.verified = bearer.stop == Code::ok;
  noted.time_ns = clock_.now_ns();
  const domain::CallFacts call = facts_of(query);
  QuestionNotes notes(parts_.calls, noted, questions.size());
  checked_->begin(questions.size());
  for (const schema::Question* question : questions) {
    const domain::Verdict verdict = view::check(bearer, view::question_of(*question), call);
    work_ += question_work + verdict.work;
    notes.add(*question, verdict);
    parts_.vitals.measures.decisions.add(verdict.reason);
    checked_->add(verdict);
  }
  const std::string journal = query.receipt() ? journal_name() : std::string();
  finish(*checked_, {journal, asking, bearer, head_, clock_.now_ns()});
}

/// Answers at once what this turn still has time for; the rest waits for turns of its operator.
void Reader::check_many(Asking& asking, Bearer& bearer) {
  if (!answers_.has_room(asking.peer, asking.query.bytes().size()))
    return answers_.refuse_busy(asking, long_retry_ms);
  Progress progress{clock_.now_ns(), head_.seq, head_.root, {}, std::move(checked_)};
  if (asking.query->receipt()) progress.journal = journal_name();
  const std::size_t questions = questions_of(asking).size();
  if (bearer.user->grants->size() <= questions) domain::fetch_ahead(*bearer.user->grants);
  progress.answer->begin(questions);
  if (work_ < slice_work) work_ += check_slice(asking, bearer, progress, slice_work - work_);
  if (progress.next < questions) return go_on_later(asking, bearer, progress);
  finish(asking, bearer, progress);
  checked_ = std::move(progress.answer);
}

void Reader::go_on_later(Asking& asking, Bearer& bearer, Progress& progress) {
  Spare spare;
  if (!spares_.empty()) {
    spare = std::move(spares_.back());
    spares_.pop_back();
  } else {
    spare.answer = std::make_unique<CheckedAnswer>();
  }
  checked_ = std::move(spare.answer);
  LongCheck job{std::move(asking), std::move(bearer), std::move(progress), published_};
  asking.query = OpenedMessage<schema::Query>(std::move(spare.message));
  asking.query.holds_no_secret();
  if (!long_places_.take(job.asking.asker, job.places()))
    return answers_.refuse_busy(job.asking, long_retry_ms);
  ++began_after_[job.began_after];
  const Uuid asker = job.asking.asker;
  long_checks_.add(asker, std::move(job));
}

/// Gives what it looked at: at least one question's, and no more than one's beyond `work_max`.
std::size_t Reader::check_slice(const Asking& asking, const Bearer& bearer, Progress& progress,
                                std::size_t work_max) {
  const Questions& questions = questions_of(asking);
  const flatbuffers::uoffset_t end = std::min(questions.size(), progress.next + slice_questions);
  domain::CallFacts call = facts_of(*asking.query);
  call.now_ns = progress.time_ns;
  NotedCall noted = noted_call(asking, bearer);
  noted.verified = true;
  noted.time_ns = progress.time_ns;
  noted.seq = progress.seq;
  QuestionNotes notes(parts_.calls, noted, end - progress.next);
  domain::Authorizer authorizer = view::authorizer_of(bearer, call, end - progress.next);
  QuestionTexts texts;
  CheckedAnswer& answer = *progress.answer;
  CodeTally& decisions = parts_.vitals.measures.decisions;
  std::size_t work = 0;
  flatbuffers::uoffset_t next = progress.next;
  for (; next < end && work < work_max; ++next) {
    const schema::Question& question = *questions[next];
    const domain::Verdict verdict = authorizer.authorize(texts.of(question));
    work += question_work + verdict.work;
    notes.add(question, verdict);
    decisions.add(verdict.reason);
    answer.add(verdict);
  }
  progress.next = next;
  return work;
}

/// One slice, of whose operator has had least; it goes on with its oldest.
void Reader::go_on_with_long_checks() {
  LongCheck job = long_checks_.take();
  const std::size_t work = check_slice(job.asking, job.bearer, job.progress, slice_work);
  const Uuid asker = job.asking.asker;
  long_checks_.charge(asker, work);
  if (job.progress.next == questions_of(job.asking).size()) {
    finish(job.asking, job.bearer, job.progress);
    end(job);
  } else {
    long_checks_.add_first(asker, std::move(job));
  }
  pass_on();
  drop_long_checks_that_hold_too_much();
}

void Reader::drop_long_checks_that_hold_too_much() {
  while (held_back_.size() > held_back_max) {
    LongCheck oldest =
        long_checks_.take_first_by([](const LongCheck& job) { return job.began_after; });
    answers_.refuse_busy(oldest.asking, long_retry_ms);
    end(oldest);
    pass_on();
  }
}

void Reader::finish(const Asking& asking, const Bearer& bearer, Progress& progress) {
  finish(*progress.answer,
         {progress.journal, asking, bearer, {progress.seq, progress.root}, progress.time_ns});
}

/// H5: a receipt is as of the state that the answer was made from.
void Reader::finish(CheckedAnswer& answer, const ReceiptFacts& facts) {
  const schema::Query& query = *facts.asking.query;
  const Bearer& bearer = facts.bearer;
  answer.finish({query.id(), facts.head.seq, facts.time_ns,
                 bearer.stop == Code::ok ? &bearer.user->id : nullptr});
  if (query.receipt()) {
    work_ += receipt_work;
    add_receipt(answer, parts_.keys, facts);
  }
  answers_.send(facts.asking, answer.bytes());
}

/// It changes where the journal was made of a copy, which is before the start.
std::string Reader::journal_name() const {
  return domain::checkpoint_name(settings_.installation, view_.tables().copies().get());
}

/// It waits no more; what it had may be used again.
void Reader::end(LongCheck& job) {
  long_places_.give_back(job.asking.asker, job.places());
  const auto began = began_after_.find(job.began_after);
  if (--began->second == 0) began_after_.erase(began);
  if (spares_.size() < spares_max && job.asking.query.bytes().size() <= spare_bytes_max)
    spares_.push_back({job.asking.query.release(), std::move(job.progress.answer)});
}

}  // namespace postern::service
