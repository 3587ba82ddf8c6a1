#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "command.hpp"
#include "files.hpp"
#include "replayrt/auto_model.hpp"
#include "text.hpp"

namespace replayrt::cli {
namespace {

constexpr const char* kFooter =
    R"(Prints every architecture and task that `predict` runs: which file of a package each backend loads, what
post_processing.type of inference_config.json must be, which model_features of model_config.json are
known, and whose answers were compared with. docs/families.md says more.)";

using Json = nlohmann::ordered_json;

std::string post_processing_text(const FamilyInfo& family) {
  if (!family.post_processing) {
    return "any";
  }
  return std::string(to_string(*family.post_processing)) +
         (family.may_be_fused ? ", fused or not" : ", not fused");
}

std::string families_text(const std::vector<FamilyInfo>& families) {
  std::string text;
  for (const FamilyInfo& family : families) {
    std::vector<std::string> weights;
    for (const FamilyInfo::Weights& of_backend : family.weights) {
      weights.push_back(of_backend.file + " (" + of_backend.backend + ")");
    }
    text += fmt::format("{}{}, {}\n", text.empty() ? "" : "\n", family.architecture,
                        to_string(family.task));
    text += fmt::format("  weights          {}\n", join(weights, ", "));
    text += fmt::format("  post-processing  {}\n", post_processing_text(family));
    if (!family.features.empty()) {
      text += fmt::format("  features         {}\n", join(family.features, ", "));
    }
    text += fmt::format("  tested against   {}\n", family.tested_against);
  }
  return text;
}

std::string families_json(const std::vector<FamilyInfo>& families) {
  Json json = {{"families", Json::array()}};
  for (const FamilyInfo& family : families) {
    Json weights = Json::object();
    for (const FamilyInfo::Weights& of_backend : family.weights) {
      weights[of_backend.backend] = of_backend.file;
    }
    json["families"].push_back(
        {{"architecture", family.architecture},
         {"task", to_string(family.task)},
         {"weights", std::move(weights)},
         {"post_processing",
          family.post_processing ? Json(to_string(*family.post_processing)) : Json()},
         {"may_be_fused", family.may_be_fused},
         {"features", family.features},
         {"tested_against", family.tested_against}});
  }
  return json.dump(2) + "\n";
}

}  // namespace

Command add_families(CLI::App& program) {
  CLI::App* app =
      program.add_subcommand("families", "Show which architectures and tasks `predict` runs");
  app->footer(kFooter);
  const auto as_json = std::make_shared<bool>(false);
  app->add_flag("--json", *as_json, "Print JSON");
  return {app, [as_json] {
            const std::vector<FamilyInfo> families = list_families();
            write_stdout(*as_json ? families_json(families) : families_text(families));
          }};
}

}  // namespace replayrt::cli
