#include <fstream>

#include "tools/cli/list.h"
#include "tools/cli/session.h"
#include "tools/text/json_message.h"
#include "tools/text/output.h"
#include "tools/text/shown.h"
#include "tools/text/words.h"

namespace postern::cli {
namespace catalogue_commands {
namespace {

/// Of one import file.
constexpr std::size_t file_bytes_max = 16U << 20U;
/// What one command and one message may hold, with room for the rest of it.
constexpr std::size_t resources_per_command = 100;
constexpr std::size_t message_bytes_max = 700'000;

struct Arguments {
  std::string kind;
  std::vector<std::string> actions;
  std::vector<std::string> resources;
  std::string implies;
  std::string warning;
  std::string description;
  bool open = false;
  bool closed = false;
  bool whole_kind = false;
};

// ---- show

void print_kinds(std::ostream& out, const schema::TenantViewT& tenant, const std::string& kind) {
  static constexpr text::Column columns[] = {{"KIND", 0, 12},        {"ACTION", 0, 12},
                                             {"IMPLIES", 2, 12},     {"KNOWN", 1},
                                             {"DESCRIPTION", 1, 16}, {"WARNING", 3, 12}};
  text::Table table(columns);
  for (const auto& known : tenant.catalogue) {
    if (!kind.empty() && known->name != kind) continue;
    table.add({known->name, "", "", known->open ? "anything below" : "what is listed",
               known->description, ""});
    for (const auto& action : known->actions)
      table.add({"", action->name, text::joined(action->implies), "", action->description,
                 action->warning});
  }
  table.write(out);
  // Where somebody looks on, the two tables stand apart.
  if (text::screen_of(out).width != 0) out << '\n';
}

int run_show(Session& session, const std::string& kind) {
  schema::GetTenantT get;
  get.alias = session.tenant();
  const auto tenant_page = session.page(request(std::move(get)));
  const auto& tenants = Session::part(tenant_page.body.AsTenantPage()).tenants;
  if (tenants.size() != 1) Session::stop_unexpected();
  static constexpr text::Column columns[] = {
      {"RESOURCE", 0, 24}, {"BELOW", 1}, {"DESCRIPTION", 1, 16}, {"WARNING", 2, 12}};
  ShownList listing(session, columns);
  if (session.format() == text::Format::table && session.columns_asked().empty())
    print_kinds(session.out(), *tenants[0], kind);
  if (session.format() != text::Format::table)
    for (const auto& known : tenants[0]->catalogue)
      if (kind.empty() || known->name == kind) listing.add(*known, {});
  schema::ListCatalogueT list;
  list.tenant = session.tenant();
  list.kind = kind;
  list.count_max = page_count;
  for (bool more = true; more;) {
    const auto page = session.page(request(schema::ListCatalogueT(list)));
    const auto& part = Session::part(page.body.AsCataloguePage());
    for (const auto& resource : part.resources) {
      listing.add(*resource, {resource->path, resource->open ? "anything" : "what is listed",
                              resource->description, resource->warning});
      list.after = resource->path;
    }
    listing.flush();
    more = part.more && !part.resources.empty();
    if (!part.next.empty()) list.after = part.next;
  }
  listing.finish();
  return exit_codes::yes;
}

Handler show(Options& options) {
  auto kind = std::make_shared<std::string>();
  options.add("KIND", kind.get(), "Of this kind alone");
  return [kind](Session& session) { return run_show(session, *kind); };
}

// ---- define, retire

std::shared_ptr<Arguments> add_parts(Options& options) {
  auto asked = std::make_shared<Arguments>();
  options.add("KIND", &asked->kind, "The first segment of its paths").required();
  options.add("--action", List{&asked->actions}, "Actions, with commas between");
  options.add("--resource", List{&asked->resources}, "Paths, with commas between");
  return asked;
}

int run_define(Session& session, const Arguments& asked) {
  if (asked.open && asked.closed) stop_usage("It is either --open or --closed.");
  schema::DefineCatalogueT body;
  auto& kind = body.kinds.emplace_back(std::make_unique<schema::CatalogueKindT>());
  kind->name = asked.kind;
  for (const auto& name : asked.actions) {
    auto& action = kind->actions.emplace_back(std::make_unique<schema::CatalogueActionT>());
    action->name = name;
    action->description = asked.description;
    action->warning = asked.warning;
    if (!asked.implies.empty()) action->implies = {asked.implies};
  }
  for (const auto& path : asked.resources) {
    auto& resource = kind->resources.emplace_back(std::make_unique<schema::CatalogueResourceT>());
    resource->path = path;
    resource->description = asked.description;
    resource->warning = asked.warning;
    resource->open = asked.open;
    resource->closed = asked.closed;
  }
  // Without parts, or where it says so, the options are about the kind itself.
  const bool of_kind = asked.whole_kind || (asked.actions.empty() && asked.resources.empty());
  body.replace = of_kind;
  kind->open = of_kind && asked.open;
  if (of_kind) kind->description = asked.description;
  return session.change(message_of(session.tenant(), "", std::move(body)));
}

Handler define(Options& options) {
  auto asked = add_parts(options);
  options.add("--implies", &asked->implies, "An action that who may do these may do too");
  options.add("--description", &asked->description, "Text for people");
  options.add("--warning", &asked->warning, "Told whenever one of these is granted");
  options.add("--open", &asked->open, "Anything below is known");
  options.add("--closed", &asked->closed,
              "Only what is listed is known; with neither, as what they lie under");
  options.add("--kind", &asked->whole_kind,
              "--open and --description are of the kind, not of its resources alone");
  return [asked](Session& session) { return run_define(session, *asked); };
}

Handler retire(Options& options) {
  auto asked = add_parts(options);
  return [asked](Session& session) {
    schema::RetireCatalogueT body;
    for (const auto& name : asked->actions) {
      auto& action = body.actions.emplace_back(std::make_unique<schema::ActionNameT>());
      action->kind = asked->kind;
      action->action = name;
    }
    body.resources = asked->resources;
    if (body.actions.empty() && body.resources.empty()) body.kinds = {asked->kind};
    return session.change(message_of(session.tenant(), "", std::move(body)));
  };
}

// ---- import

std::string read_file(const std::string& file) {
  std::ifstream opened(file, std::ios::binary);
  if (!opened)
    throw Stop{exit_codes::missing, "Cannot read " + text::printable(file) + ".",
               "Name a file with a catalogue as JSON."};
  std::string text(file_bytes_max, '\0');
  opened.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(opened.gcount()));
  if (text.size() == file_bytes_max) stop_usage("The file is too large; the limit is 16 MiB.");
  return text;
}

/// The file is the body of a DefineCatalogue as JSON.
schema::DefineCatalogueT parse_catalogue(const std::string& text) {
  auto message = text::message_from_json(
      R"({"commands": [{"body_type": "DefineCatalogue", "body": )" + text + "}]}");
  const auto* body = message && message->commands.size() == 1
                         ? message->commands[0]->body.AsDefineCatalogue()
                         : nullptr;
  if (body == nullptr)
    stop_usage(
        message ? "It is no catalogue." : message.error(),
        "See command.fbs: {\"kinds\": [{\"name\": …, \"actions\": […], \"resources\": […]}]}");
  return *body;
}

/// The kinds with their actions first, then their resources, so that no command is too large.
std::vector<schema::DefineCatalogueT> parts_of(const schema::DefineCatalogueT& whole) {
  std::vector<schema::DefineCatalogueT> parts(1);
  parts[0].replace = whole.replace;
  for (const auto& kind : whole.kinds) {
    auto& head = parts[0].kinds.emplace_back(std::make_unique<schema::CatalogueKindT>(*kind));
    head->resources.clear();
  }
  for (const auto& kind : whole.kinds) {
    for (std::size_t from = 0; from < kind->resources.size(); from += resources_per_command) {
      auto& part =
          parts.emplace_back().kinds.emplace_back(std::make_unique<schema::CatalogueKindT>());
      part->name = kind->name;
      const auto end = std::min(kind->resources.size(), from + resources_per_command);
      for (std::size_t place = from; place < end; ++place)
        part->resources.push_back(
            std::make_unique<schema::CatalogueResourceT>(*kind->resources[place]));
    }
  }
  return parts;
}

std::size_t bytes_of(const schema::DefineCatalogueT& body) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(schema::DefineCatalogue::Pack(builder, &body));
  return builder.GetSize();
}

int run_import(Session& session, const std::string& file) {
  schema::CommandMessageT message;
  std::size_t bytes = 0;
  int code = exit_codes::yes;
  const auto flush = [&] {
    if (message.commands.empty() || code != exit_codes::yes) return;
    message.tenant = session.tenant();
    code = session.change(std::exchange(message, {}));
    bytes = 0;
  };
  for (auto& part : parts_of(parse_catalogue(read_file(file)))) {
    const std::size_t more = bytes_of(part);
    if (bytes + more > message_bytes_max) flush();
    bytes += more;
    add_command(message, "", std::move(part));
  }
  flush();
  return code;
}

Handler import(Options& options) {
  auto file = std::make_shared<std::string>();
  options.add("FILE", file.get(), "A DefineCatalogue as JSON").required();
  return [file](Session& session) { return run_import(session, *file); };
}

constexpr Verb verbs[] = {
    {"show", Kind::lists, "Shows kinds, actions and resources that the tenant knows.",
     "--tenant acme catalogue show endpoint", show},
    {"define", Kind::changes, "Adds actions and resources to a kind, or replaces them.",
     "--tenant acme catalogue define endpoint --resource endpoint/query/sales", define},
    {"retire", Kind::changes, "Takes actions, resources or a whole kind out; grants stay.",
     "--tenant acme catalogue retire endpoint --resource endpoint/query", retire},
    {"import", Kind::changes, "Defines all of a JSON file; above 700 kB in several records.",
     "--tenant acme catalogue import catalogue.json", import},
};

}  // namespace
}  // namespace catalogue_commands

const Noun catalogue_noun = {"catalogue", "The resources and actions a tenant knows.",
                             catalogue_commands::verbs};

}  // namespace postern::cli
