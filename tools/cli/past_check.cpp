#include "tools/cli/past_check.h"

#include <algorithm>
#include <iterator>

namespace postern::cli {

Decisions check_past(Session& session, const std::string& user, const schema::CallT& call,
                     Questions questions) {
  constexpr std::size_t questions_a_request = 100;
  Decisions decided;
  for (std::size_t from = 0; from < questions.size(); from += questions_a_request) {
    schema::CheckUserT check;
    check.tenant = session.tenant();
    check.username = user;
    check.call = std::make_unique<schema::CallT>(call);
    const std::size_t end = std::min(questions.size(), from + questions_a_request);
    for (std::size_t place = from; place < end; ++place)
      check.questions.push_back(std::move(questions[place]));
    auto page = session.page(request(std::move(check)));
    auto& part = Session::part(page.body.AsChecked());
    if (part.decisions.size() != end - from) Session::stop_unexpected();
    std::ranges::move(part.decisions, std::back_inserter(decided.checked.decisions));
    decided.checked.grants_left_out += part.grants_left_out;
    decided.seq = page.at_seq;
    decided.time_ns = page.at_time_ns;
  }
  return decided;
}

}  // namespace postern::cli
