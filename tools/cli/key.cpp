#include "tools/cli/key_scan.h"
#include "tools/cli/list.h"
#include "tools/cli/session.h"
#include "tools/cli/user_views.h"
#include "tools/cli/values.h"
#include "tools/text/output.h"
#include "tools/text/times.h"
#include "tools/text/view_text.h"
#include "tools/text/words.h"

namespace postern::cli {
namespace key_commands {
namespace {

struct Creation {
  std::string user;
  std::string name;
  std::string expires;
  std::vector<std::string> only;
};

int run_create(Session& session, const Creation& creation) {
  schema::CreateKeyT body;
  body.name = creation.name;
  if (!creation.expires.empty()) body.expires_ns = parse_time("--expires", creation.expires);
  for (const auto& text : creation.only) {
    const auto words = arguments::split_words(text);
    if (words.size() != 2) stop_usage("--only takes 'ACTION RESOURCE', in quotes.");
    auto& part = body.narrowed_to.emplace_back(std::make_unique<schema::NarrowingT>());
    part->action = words[0];
    part->resource = words[1];
  }
  return session.change(message_of(session.tenant(), creation.user, std::move(body)));
}

Handler create(Options& options) {
  auto creation = std::make_shared<Creation>();
  options.add("USER", &creation->user, "Its name").required();
  options.add("NAME", &creation->name, "What to call the key").required();
  options.add("--expires", &creation->expires, "As 2027-01-31T00:00:00Z; else never");
  options
      .add("--only", &creation->only,
           "'ACTION RESOURCE': for this part of the user's grants; up to 100 times")
      .one_value_each();
  return [creation](Session& session) { return run_create(session, *creation); };
}

Handler revoke(Options& options) {
  auto user = std::make_shared<std::string>();
  auto name = std::make_shared<std::string>();
  options.add("USER", user.get(), "Its name").required();
  options.add("NAME", name.get(), "The key's name").required();
  return [user, name](Session& session) {
    schema::RevokeKeyT body;
    body.name = *name;
    return session.change(message_of(session.tenant(), *user, std::move(body)));
  };
}

Handler list(Options& options) {
  auto user = std::make_shared<std::string>();
  options.add("USER", user.get(), "Its name").required();
  return [user](Session& session) {
    const auto page = read_user(session, *user);
    const auto& view = Session::part(page.body.AsUserView());
    ShownList listing(session, text::key_columns());
    if (view.security)
      for (const auto& key : view.security->keys) listing.add(*key, text::row_of(*key));
    listing.finish();
    return exit_codes::yes;
  };
}

constexpr Verb verbs[] = {
    {"create", Kind::changes, "Makes an API key and shows it, this once.",
     "--tenant acme key create api.bob nightly --only 'read table/customer'", create},
    {"revoke", Kind::changes, "Ends a key, with the sessions that it opened.",
     "--tenant acme key revoke api.bob nightly", revoke},
    {"list", Kind::lists, "Lists a user's keys.", "--tenant acme key list api.bob", list},
    {"scan", Kind::changes,
     "Finds keys in files by form and checksum, says whose they are, revokes those that are live. "
     "Ends 0 where there is none, 1 where there are.",
     "key scan /srv/sources --live", scan_keys},
};

}  // namespace
}  // namespace key_commands

const Noun key_noun = {"key", "API keys: generated, shown once, each revocable alone.",
                       key_commands::verbs};

}  // namespace postern::cli
