#include "tools/intake/yaml.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "tools/text/shown.h"

namespace postern::intake {
namespace {

namespace json = boost::json;

constexpr std::size_t parts_max = 5'000'000;
constexpr int depth_max = 60;

std::uint64_t line_of(const YAML::Mark& mark) {
  return mark.is_null() ? 0 : static_cast<std::uint64_t>(mark.line) + 1;
}

/// Booleans, numbers and null as JSON writes them.
json::value scalar_of(const YAML::Node& node) {
  const std::string& text = node.Scalar();
  // What was quoted has the tag "!".
  if (node.Tag() == "!") return json::value(text);
  if (text.empty() || text == "null" || text == "~") return nullptr;
  if (text == "true") return true;
  if (text == "false") return false;
  json::error_code error;
  const auto number = json::parse(text, error);
  const bool is_number = !error && (number.is_int64() || number.is_uint64());
  if (is_number && json::serialize(number) == text) return number;
  return json::value(text);
}

class Converter {
 public:
  explicit Converter(YamlText& made) : made_(made) {}

  json::value value_of(const YAML::Node& node, const std::string& way, int depth) {
    if (++parts_ > parts_max) throw YamlFault{line_of(node.Mark()), "It has too many parts."};
    if (depth > depth_max) throw YamlFault{line_of(node.Mark()), "It is nested too deep."};
    made_.lines.try_emplace(way, line_of(node.Mark()));
    if (node.IsMap()) return object_of(node, way, depth);
    if (!node.IsSequence()) return node.IsScalar() ? scalar_of(node) : json::value();
    json::array list;
    for (const auto& entry : node)
      list.push_back(value_of(entry, way + '/' + std::to_string(list.size()), depth + 1));
    return list;
  }

 private:
  json::value object_of(const YAML::Node& node, const std::string& way, int depth) {
    json::object object;
    for (const auto& pair : node) {
      const auto line = line_of(pair.first.Mark());
      if (!pair.first.IsScalar()) throw YamlFault{line, "A name must be text."};
      const std::string& name = pair.first.Scalar();
      if (object.contains(name))
        throw YamlFault{line, "'" + text::printable(name) + "' stands here twice."};
      made_.lines[way + '/' + name] = line;
      object[name] = value_of(pair.second, way + '/' + name, depth + 1);
    }
    return object;
  }

  YamlText& made_;
  std::size_t parts_ = 0;
};

// ---- writing

bool is_plain(std::string_view text) {
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
  constexpr std::string_view others = "0123456789./@+-";
  const auto fits = [&](char letter) {
    return letters.contains(letter) || others.contains(letter) || letter == ' ';
  };
  if (text.empty() || !letters.contains(text.front()) || text.back() == ' ') return false;
  if (!std::ranges::all_of(text, fits)) return false;
  std::string folded(text);
  for (char& letter : folded)
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  for (const auto* word : {"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
    if (folded == word) return false;
  return true;
}

std::string yaml_scalar(const json::value& value) {
  if (value.is_string() && is_plain(value.get_string())) return std::string(value.get_string());
  return json::serialize(value);
}

void write_value(const json::value& value, std::size_t indent, std::string& text);

void write_entries(const json::object& object, std::size_t indent, std::string& text,
                   bool first_is_placed) {
  for (const auto& [name, held] : object) {
    if (!std::exchange(first_is_placed, false)) text.append(indent, ' ');
    text += yaml_scalar(json::value(name)) + ':';
    write_value(held, indent + 2, text);
  }
}

void write_value(const json::value& value, std::size_t indent, std::string& text) {
  if (value.is_object() && !value.get_object().empty()) {
    text += '\n';
    return write_entries(value.get_object(), indent, text, false);
  }
  if (!value.is_array() || value.get_array().empty()) {
    text += ' ' + yaml_scalar(value) + '\n';
    return;
  }
  text += '\n';
  for (const auto& entry : value.get_array()) {
    text.append(indent, ' ');
    text += "- ";
    if (entry.is_object() && !entry.get_object().empty())
      write_entries(entry.get_object(), indent + 2, text, true);
    else
      text += yaml_scalar(entry) + '\n';
  }
}

}  // namespace

std::expected<YamlText, YamlFault> read_yaml(const std::string& text) {
  if (text.size() > yaml_bytes_max) return std::unexpected(YamlFault{0, "It is over 64 MiB."});
  YamlText made;
  try {
    const auto documents = YAML::LoadAll(text);
    if (documents.size() > 1)
      return std::unexpected(
          YamlFault{line_of(documents[1].Mark()), "It holds more than one document."});
    if (documents.empty()) return std::unexpected(YamlFault{1, "It is empty."});
    made.value = Converter(made).value_of(documents[0], "", 0);
  } catch (const YamlFault& fault) {
    return std::unexpected(fault);
  } catch (const YAML::Exception& error) {
    return std::unexpected(
        YamlFault{line_of(error.mark), "It is no YAML: " + text::printable(error.msg) + "."});
  }
  return made;
}

std::string write_yaml(const json::value& value, std::size_t indent) {
  std::string text;
  if (value.is_object())
    write_entries(value.get_object(), indent, text, false);
  else
    text = yaml_scalar(value) + '\n';
  return text;
}

}  // namespace postern::intake
