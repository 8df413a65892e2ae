// Checks in the caller's process. What is known here is judged by the daemon's own answers; what is
// not, the daemon is asked.
#include <sodium.h>

#include <cstdlib>
#include <cstring>
#include <unordered_map>

#include "tools/client/replica_judging.h"
#include "tools/client/replica_shared.h"

namespace postern::client {

namespace {

using schema::Code;

/// Credentials that one reader remembers.
constexpr std::size_t verified_max = 65'536;
/// A path, an action, a name of a role.
constexpr std::size_t texts_bytes = 1'024;
/// Whose memory is fetched at once: more than the processor has places for, and few enough that
/// none has gone again.
constexpr std::size_t together = 16;

/// A credential's keyed hash; the credential itself is not kept.
using Name = std::array<std::uint64_t, 2>;
struct NameHash {
  std::size_t operator()(const Name& name) const { return name[0]; }
};

std::unexpected<Error> none(ErrorKind kind, std::string sentence, std::string remedy) {
  return std::unexpected(Error{kind, std::move(sentence), std::move(remedy)});
}

schema::QueryT query_of(std::string_view tenant, const ReplicaCall& call) {
  schema::QueryT query;
  query.tenant = tenant;
  query.call = std::make_unique<schema::CallT>();
  query.call->address = call.address;
  query.call->tls = call.tls;
  query.call->channel = call.interactive ? schema::Channel::interactive : schema::Channel::program;
  return query;
}

/// As the caller gave it; the daemon's client wipes what is made of it.
struct Given {
  std::string_view text;
  bool is_key = false;
  const ReplicaBeside& beside;
};

schema::CredentialUnion credential_of(const Given& given) {
  schema::CredentialUnion made;
  if (given.is_key) {
    schema::KeyCredentialT key;
    key.key = given.text;
    key.username = given.beside.username;
    made.Set(std::move(key));
  } else {
    schema::TokenCredentialT token;
    token.token = given.text;
    token.username = given.beside.username;
    made.Set(std::move(token));
  }
  return made;
}

schema::CredentialUnion named(std::string_view username) {
  schema::NamedUserT user;
  user.username = username;
  schema::CredentialUnion made;
  made.Set(std::move(user));
  return made;
}

}  // namespace

struct ReplicaReader::Parts {
  explicit Parts(Replica::Shared& shared) : shared(shared), looks(shared.versions.add_place()) {
    // No random numbers, no key: nothing can be remembered without.
    if (sodium_init() < 0) std::abort();
    crypto_shorthash_keygen(hash_key.data());
    texts.front().reserve(texts_bytes);
  }
  ~Parts() {
    shared.versions.drop_place(looks);
    sodium_memzero(hash_key.data(), hash_key.size());
  }
  Parts(const Parts&) = delete;
  Parts& operator=(const Parts&) = delete;

  template <class Search, class... Sought>
  std::expected<ReplicaAnswer, Missing> judge(const ReplicaCall& call,
                                              const ReplicaQuestion& question,
                                              const Sought&... sought);
  /// When it is, as a version that is looked at has it.
  struct Moment {
    domain::Seq seq = 0;
    std::int64_t time_ns = 0;
    std::int64_t age_ns = 0;
  };
  std::expected<Moment, Missing> moment(const ReplicaVersion& version) const;
  template <class Search>
  std::expected<ReplicaAnswer, Missing> answered(const Judging<Search>& judging,
                                                 const Moment& moment, std::size_t place);
  /// Of no more than `together`; the first is the `first` of those that are asked.
  void judge_some(std::span<const ReplicaCheck> checks, std::size_t first,
                  std::span<std::expected<ReplicaAnswer, Missing>> found);
  std::span<const Result<ReplicaAnswer>> check(std::span<const ReplicaCheck> checks);
  /// By the daemon, where there was no answer here and it is to be asked.
  Result<ReplicaAnswer> settled(const std::expected<ReplicaAnswer, Missing>& found,
                                const ReplicaCheck& check, std::size_t place);
  /// `place`: among those asked at once.
  Result<ReplicaAnswer> ask(schema::QueryT query, schema::CredentialUnion credential,
                            const ReplicaQuestion& question, std::size_t place = 0);
  std::expected<ReplicaAnswer, Missing> judge_verified(const Name& name, const Given& given,
                                                       const ReplicaCall& call,
                                                       const ReplicaQuestion& question);
  Result<ReplicaAnswer> check_verified(const Given& given, const ReplicaCall& call,
                                       const ReplicaQuestion& question);
  /// A denial, or nothing: it is remembered now.
  Result<std::optional<ReplicaAnswer>> verify(const Name& name, const Given& given,
                                              const ReplicaCall& call);
  void remember(const Name& name, const Verified& one);
  Result<schema::AnswerT> ask_daemon(schema::QueryT query);
  Error why_not(Missing missing) const;
  bool asks_for(Missing missing) const {
    return missing == Missing::behind ||
           (shared.options.asks_daemon && missing != Missing::address_malformed);
  }
  Name name_of(const Given& given) const;
  std::uint64_t following() const;

  Replica::Shared& shared;
  ReplicaVersions::Place& looks;
  std::array<std::uint8_t, crypto_shorthash_siphashx24_KEYBYTES> hash_key{};
  std::unordered_map<Name, Verified, NameHash> verified;
  /// What the last answers point to, each to its own.
  std::vector<std::string> texts = std::vector<std::string>(1);
  /// The last ones to many.
  std::vector<Result<ReplicaAnswer>> answers;
  /// For what the daemon is asked; made when it is.
  std::optional<Client> client;
};

Result<ReplicaAnswer> ReplicaReader::Parts::settled(
    const std::expected<ReplicaAnswer, Missing>& found, const ReplicaCheck& check,
    std::size_t place) {
  if (found) return *found;
  if (!asks_for(found.error())) return std::unexpected(why_not(found.error()));
  return ask(query_of(check.tenant, check.call), named(check.username), check.question, place);
}

// ---- what is known here

/// `texts`: what the answer points to; its texts are copied, as the grant may be gone after the
/// look at it.
static ReplicaAnswer answer_of(const domain::Verdict& verdict, std::string& texts) {
  ReplicaAnswer answer{.allowed = verdict.allowed(), .reason = verdict.reason};
  if (verdict.grant == nullptr) return answer;
  const domain::Grant grant = *verdict.grant;
  const std::string_view path = verdict.grant.right().text();
  texts.assign(*grant.action).append(path);
  if (verdict.role != nullptr) texts.append(*verdict.role);
  const std::string_view all = texts;
  const std::size_t action = grant.action->size();
  answer.grant = ReplicaAnswer::Grant{grant.seq,
                                      static_cast<std::uint16_t>(grant.index),
                                      grant.effect(),
                                      all.substr(0, action),
                                      all.substr(action, path.size()),
                                      all.substr(action + path.size())};
  return answer;
}

std::expected<ReplicaReader::Parts::Moment, Missing> ReplicaReader::Parts::moment(
    const ReplicaVersion& version) const {
  const std::int64_t now_ns = steady_ns();
  const std::int64_t age_ns = now_ns - version.confirmed_ns.load(std::memory_order_relaxed);
  if (age_ns > shared.age_max_ns) return std::unexpected(Missing::too_old);
  return Moment{version.seq, now_ns + shared.clock_offset_ns.load(std::memory_order_relaxed),
                age_ns};
}

template <class Search>
std::expected<ReplicaAnswer, Missing> ReplicaReader::Parts::answered(const Judging<Search>& judging,
                                                                     const Moment& moment,
                                                                     std::size_t place) {
  const auto verdict = judging.verdict();
  if (!verdict) return std::unexpected(verdict.error());
  ReplicaAnswer answer = answer_of(*verdict, texts[place]);
  answer.seq = moment.seq;
  answer.time_ns = moment.time_ns;
  answer.age = std::chrono::nanoseconds(moment.age_ns);
  return answer;
}

template <class Search, class... Sought>
std::expected<ReplicaAnswer, Missing> ReplicaReader::Parts::judge(const ReplicaCall& call,
                                                                  const ReplicaQuestion& question,
                                                                  const Sought&... sought) {
  const ReplicaVersions::Look look(shared.versions, looks);
  if (look.version() == nullptr) return std::unexpected(Missing::nothing_shown);
  // What takes time is done while the memory is fetched that the next step of the search reads.
  Judging<Search> judging(*look.version(), sought...);
  const auto now = moment(*look.version());
  if (!now) return std::unexpected(now.error());
  judging.locate(call, now->time_ns);
  judging.read(question);
  judging.approach();
  judging.meet();
  return answered(judging, *now, 0);
}

/// In one look, each step of all, so that their memory is fetched at once.
void ReplicaReader::Parts::judge_some(std::span<const ReplicaCheck> checks, std::size_t first,
                                      std::span<std::expected<ReplicaAnswer, Missing>> found) {
  const ReplicaVersions::Look look(shared.versions, looks);
  const ReplicaVersion* version = look.version();
  const auto now = version == nullptr ? std::unexpected(Missing::nothing_shown) : moment(*version);
  if (!now) {
    std::ranges::fill(found, std::unexpected(now.error()));
    return;
  }
  std::array<std::optional<Judging<SearchByName>>, together> all;
  const auto each = [&](auto step) {
    for (std::size_t place = 0; place < checks.size(); ++place) step(checks[place], *all[place]);
  };
  for (std::size_t place = 0; place < checks.size(); ++place)
    all[place].emplace(*version, view::NamedBeside{checks[place].tenant, checks[place].username});
  each([&](const ReplicaCheck& one, auto& judging) { judging.locate(one.call, now->time_ns); });
  each([](const ReplicaCheck& one, auto& judging) { judging.read(one.question); });
  each([](const ReplicaCheck&, auto& judging) { judging.approach(); });
  each([](const ReplicaCheck&, auto& judging) { judging.meet(); });
  each([](const ReplicaCheck&, auto& judging) { judging.fetch_rights(); });
  for (std::size_t place = 0; place < checks.size(); ++place)
    found[place] = answered(*all[place], *now, first + place);
}

std::span<const Result<ReplicaAnswer>> ReplicaReader::Parts::check(
    std::span<const ReplicaCheck> checks) {
  while (texts.size() < checks.size()) texts.emplace_back().reserve(texts_bytes);
  answers.resize(checks.size());
  std::array<std::expected<ReplicaAnswer, Missing>, together> found;
  for (std::size_t first = 0; first < checks.size(); first += together) {
    const auto some = checks.subspan(first, std::min(together, checks.size() - first));
    judge_some(some, first, std::span(found).first(some.size()));
    for (std::size_t place = 0; place < some.size(); ++place)
      answers[first + place] = settled(found[place], some[place], first + place);
  }
  return answers;
}

std::uint64_t ReplicaReader::Parts::following() const {
  const ReplicaVersions::Look look(shared.versions, looks);
  return look.version() == nullptr ? 0 : look.version()->following;
}

// ---- the daemon

Error ReplicaReader::Parts::why_not(Missing missing) const {
  const std::lock_guard lock(shared.mutex);
  const auto& trouble = shared.standing.trouble;
  switch (missing) {
    case Missing::nothing_shown:
      if (trouble) return *trouble;
      return {ErrorKind::unreachable, "The replica has not yet been told everything.",
              "Wait for it to answer."};
    case Missing::too_old:
      return {ErrorKind::unreachable,
              "The replica has heard nothing of the daemon for longer than it may answer." +
                  (trouble ? " " + trouble->sentence : std::string()),
              "Ask the daemon, or find out why it is silent."};
    case Missing::recorded:
      return {ErrorKind::usage, "The user's calls are recorded, and a replica records none.",
              "Let the daemon be asked, or switch the user's `API logging` off."};
    case Missing::address_malformed:
      return {ErrorKind::usage, "The call's address is no address.",
              "Give an IPv4 or IPv6 address alone, or none."};
    case Missing::unverified:
    case Missing::behind:
      break;
  }
  return {ErrorKind::unreachable, "Only the daemon can verify the credential.",
          "Set `client.queries`."};
}

Result<schema::AnswerT> ReplicaReader::Parts::ask_daemon(schema::QueryT query) {
  if (!client) {
    Options asking = shared.options.client;
    asking.commands.clear();
    asking.history.clear();
    asking.checkpoint_file.clear();
    auto made = Client::make(std::move(asking));
    if (!made) return std::unexpected(made.error());
    client = std::move(*made);
  }
  auto answer = client->ask(std::move(query));
  if (!answer || answer->code == Code::ok) return answer;
  const auto* problem = answer->problems.empty() ? nullptr : answer->problems.front().get();
  return none(answer->code == Code::busy || answer->code == Code::stopping ? ErrorKind::unreachable
              : answer->code == Code::not_permitted ? ErrorKind::not_permitted
                                                    : ErrorKind::usage,
              std::string("The daemon does not answer: ") + schema::EnumNameCode(answer->code) +
                  "." + (problem == nullptr ? "" : " " + problem->sentence),
              problem == nullptr ? "" : problem->remedy);
}

Result<ReplicaAnswer> ReplicaReader::Parts::ask(schema::QueryT query,
                                                schema::CredentialUnion credential,
                                                const ReplicaQuestion& question,
                                                std::size_t place) {
  schema::CheckT check;
  check.credential = std::move(credential);
  auto& asked = check.questions.emplace_back(std::make_unique<schema::QuestionT>());
  asked->action = question.action;
  asked->resource = question.resource;
  asked->this_level_only = question.this_level_only;
  query.body.Set(std::move(check));
  const auto answer = ask_daemon(std::move(query));
  if (!answer) return std::unexpected(answer.error());
  const auto* checked = answer->body.AsChecked();
  if (checked == nullptr || checked->decisions.size() != 1)
    return none(ErrorKind::protocol, "The daemon answered a check with something else.",
                "Check that its version fits this client.");
  const schema::DecisionT& decision = *checked->decisions.front();
  ReplicaAnswer made{.allowed = decision.allowed, .reason = decision.reason};
  made.seq = answer->seq;
  made.time_ns = answer->time_ns;
  made.by_daemon = true;
  const schema::GrantViewT* grant = decision.grant.get();
  if (grant == nullptr || grant->reference == nullptr) return made;
  texts[place] = grant->action + grant->resource + grant->role;
  const std::string_view all = texts[place];
  made.grant = ReplicaAnswer::Grant{grant->reference->seq,
                                    grant->reference->index,
                                    grant->effect,
                                    all.substr(0, grant->action.size()),
                                    all.substr(grant->action.size(), grant->resource.size()),
                                    all.substr(grant->action.size() + grant->resource.size())};
  return made;
}

// ---- keys and tokens

/// The kind is part of it, so that no key's text is taken for a token's.
Name ReplicaReader::Parts::name_of(const Given& given) const {
  auto key = hash_key;
  key[0] = static_cast<std::uint8_t>(key[0] ^ (given.is_key ? 1U : 0U));
  Name name{};
  static_assert(sizeof name == crypto_shorthash_siphashx24_BYTES);
  crypto_shorthash_siphashx24(reinterpret_cast<unsigned char*>(name.data()),
                              reinterpret_cast<const unsigned char*>(given.text.data()),
                              given.text.size(), key.data());
  return name;
}

void ReplicaReader::Parts::remember(const Name& name, const Verified& one) {
  if (verified.size() >= verified_max) verified.clear();
  verified[name] = one;
}

Result<std::optional<ReplicaAnswer>> ReplicaReader::Parts::verify(const Name& name,
                                                                  const Given& given,
                                                                  const ReplicaCall& call) {
  if (shared.options.client.queries.empty()) return std::unexpected(why_not(Missing::unverified));
  const std::uint64_t before = following();
  schema::AuthenticateT authenticate;
  authenticate.credential = credential_of(given);
  authenticate.decline_token = true;
  authenticate.tell_standing = true;
  schema::QueryT query = query_of(given.beside.tenant, call);
  query.body.Set(std::move(authenticate));
  const auto answer = ask_daemon(std::move(query));
  if (!answer) return std::unexpected(answer.error());
  const auto* told = answer->body.AsAuthenticated();
  if (told == nullptr)
    return none(ErrorKind::protocol, "The daemon answered an authentication with something else.",
                "Check that its version fits this client.");
  if (!told->allowed) {
    ReplicaAnswer denial{.allowed = false, .reason = told->reason};
    denial.seq = answer->seq;
    denial.time_ns = answer->time_ns;
    denial.by_daemon = true;
    return denial;
  }
  const schema::StandingT* standing = told->standing.get();
  if (standing == nullptr || standing->tenant == nullptr || told->user == nullptr ||
      (given.is_key ? standing->key == nullptr : told->session == nullptr))
    return none(ErrorKind::protocol, "The daemon does not say what the credential stands for.",
                "It is older than this client: upgrade it.");
  Verified one;
  one.is_key = given.is_key;
  one.session.tenant = *standing->tenant;
  one.session.user = *told->user;
  if (told->session != nullptr) one.session.session = *told->session;
  if (standing->key != nullptr) one.session.key = *standing->key;
  one.session.expires_ns = told->expires_ns;
  one.session.user_epoch = standing->user_epoch;
  one.session.tenant_epoch = standing->tenant_epoch;
  one.seq = answer->seq;
  one.following = before;
  remember(name, one);
  return std::nullopt;
}

std::expected<ReplicaAnswer, Missing> ReplicaReader::Parts::judge_verified(
    const Name& name, const Given& given, const ReplicaCall& call,
    const ReplicaQuestion& question) {
  const auto found = verified.find(name);
  const Verified* one = found == verified.end() ? nullptr : &found->second;
  return judge<SearchVerified>(call, question, one, given.beside);
}

Result<ReplicaAnswer> ReplicaReader::Parts::check_verified(const Given& given,
                                                           const ReplicaCall& call,
                                                           const ReplicaQuestion& question) {
  const Name name = name_of(given);
  auto answer = judge_verified(name, given, call, question);
  if (!answer && answer.error() == Missing::unverified) {
    const auto denial = verify(name, given, call);
    if (!denial) return std::unexpected(denial.error());
    if (*denial) return **denial;
    answer = judge_verified(name, given, call, question);
    // All that it was verified in may be gone again.
    if (!answer && answer.error() == Missing::unverified)
      return ask(query_of(given.beside.tenant, call), credential_of(given), question);
  }
  if (answer) return *answer;
  if (!asks_for(answer.error())) return std::unexpected(why_not(answer.error()));
  return ask(query_of(given.beside.tenant, call), credential_of(given), question);
}

// ---- the reader

ReplicaReader::ReplicaReader(Replica::Shared& shared) : parts_(std::make_unique<Parts>(shared)) {}

ReplicaReader Replica::reader() { return ReplicaReader(*shared_); }

ReplicaReader::ReplicaReader(ReplicaReader&&) noexcept = default;
ReplicaReader& ReplicaReader::operator=(ReplicaReader&&) noexcept = default;
ReplicaReader::~ReplicaReader() = default;

Result<ReplicaAnswer> ReplicaReader::check(std::string_view tenant, std::string_view username,
                                           const ReplicaCall& call,
                                           const ReplicaQuestion& question) {
  const auto found =
      parts_->judge<SearchByName>(call, question, view::NamedBeside{tenant, username});
  return parts_->settled(found, {tenant, username, call, question}, 0);
}

std::span<const Result<ReplicaAnswer>> ReplicaReader::check(std::span<const ReplicaCheck> checks) {
  return parts_->check(checks);
}

Result<ReplicaAnswer> ReplicaReader::check_token(std::string_view token,
                                                 const ReplicaBeside& beside,
                                                 const ReplicaCall& call,
                                                 const ReplicaQuestion& question) {
  return parts_->check_verified({token, false, beside}, call, question);
}

Result<ReplicaAnswer> ReplicaReader::check_key(std::string_view key, const ReplicaBeside& beside,
                                               const ReplicaCall& call,
                                               const ReplicaQuestion& question) {
  return parts_->check_verified({key, true, beside}, call, question);
}

}  // namespace postern::client
