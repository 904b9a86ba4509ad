#include "module/archive.h"

#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/serialization/import.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <sstream>

#include "tensor/error.h"
#include "tensor/listing.h"

namespace audioldm {
namespace {

bool IsInteger(double value) {
  return std::isfinite(value) && std::floor(value) == value && std::abs(value) < 0x1p53;
}

template <typename To, typename From>
c10::IValue ListOf(const std::vector<From>& values) {
  c10::List<To> list;
  for (const From value : values) list.push_back(static_cast<To>(value));
  return c10::IValue(std::move(list));
}

std::optional<c10::IValue> ListAs(const c10::Type& element, const AttributeValue& value) {
  const c10::TypeKind kind = element.kind();
  if (const auto* flags = std::get_if<std::vector<bool>>(&value)) {
    if (kind != c10::TypeKind::BoolType) return std::nullopt;
    return ListOf<bool>(*flags);
  }
  const auto* numbers = std::get_if<std::vector<double>>(&value);
  if (numbers == nullptr) return std::nullopt;
  if (kind == c10::TypeKind::FloatType) return ListOf<double>(*numbers);
  // An empty JavaScript array says nothing of its element type.
  if (kind == c10::TypeKind::BoolType && numbers->empty()) return ListOf<bool>(*numbers);
  const bool integers = std::all_of(numbers->begin(), numbers->end(), IsInteger);
  if (kind != c10::TypeKind::IntType || !integers) return std::nullopt;
  return ListOf<int64_t>(*numbers);
}

// `value` as the declared type; nothing when it does not fit.
std::optional<c10::IValue> As(const c10::Type& type, const AttributeValue& value) {
  if (const auto* list = type.castRaw<c10::ListType>()) {
    return ListAs(*list->getElementType(), value);
  }
  if (const bool* flag = std::get_if<bool>(&value)) {
    if (type.kind() != c10::TypeKind::BoolType) return std::nullopt;
    return c10::IValue(*flag);
  }
  const double* number = std::get_if<double>(&value);
  if (number == nullptr) return std::nullopt;
  if (type.kind() == c10::TypeKind::FloatType) return c10::IValue(*number);
  if (type.kind() != c10::TypeKind::IntType || !IsInteger(*number)) return std::nullopt;
  return c10::IValue(static_cast<int64_t>(*number));
}

void SetAttributes(torch::jit::Module& module, const std::vector<Attribute>& attributes) {
  std::vector<std::string> wrong;
  for (const Attribute& attribute : attributes) {
    const c10::TypePtr type = module.type()->findAttribute(attribute.name);
    const std::optional<c10::IValue> value =
        type ? As(*type, attribute.value) : std::optional<c10::IValue>();
    if (value) {
      module.setattr(attribute.name, *value);
    } else {
      wrong.push_back(attribute.name);
    }
  }
  if (!wrong.empty()) {
    throw Error(ErrorCode::kEngineFailed,
                "The archive does not take the attributes " + Listing(wrong) +
                    ". It was made for another version of this package; build it again.");
  }
}

}  // namespace

std::optional<Slot> FindSlot(const torch::jit::Module& root, const std::string& path) {
  torch::jit::Module module = root;
  std::istringstream parts(path);
  std::string part;
  std::getline(parts, part, '.');
  for (std::string next; std::getline(parts, next, '.'); part = next) {
    const c10::TypePtr type = module.type()->findAttribute(part);
    if (!type || !type->is_module()) return std::nullopt;
    module = module.attr(part).toModule();
  }
  const c10::TypePtr type = module.type()->findAttribute(part);
  if (!type || type->kind() != c10::TypeKind::TensorType) return std::nullopt;
  return Slot{module, part};
}

torch::jit::Module LoadArchive(const std::string& path, at::Device device) {
  try {
    return torch::jit::load(path, device);
  } catch (const std::exception&) {
    throw AsError(std::current_exception(), "reading the archive '" + path + "'");
  }
}

void Bind(torch::jit::Module& module, const std::vector<Attribute>& attributes,
          const std::vector<WeightView>& weights, const MappedFiles& files,
          const WeightPlacement& placement, const std::vector<Adapter>& adapters) {
  CheckTargets(adapters, weights);
  SetAttributes(module, attributes);
  std::vector<std::string> missing;
  for (const WeightView& weight : weights) {
    std::optional<Slot> slot = FindSlot(module, weight.name);
    if (!slot) {
      missing.push_back(weight.name);
    } else if (missing.empty()) {
      slot->module.setattr(slot->name, LoadAdapted(weight, adapters, files, placement));
    }
  }
  if (!missing.empty()) {
    throw Error(ErrorCode::kInvalidWeights,
                "The archive has no tensors named " + Listing(missing) + ".");
  }
}

torch::jit::Module Frozen(torch::jit::Module module) {
  if (!module.hasattr("training")) return module;
  module.eval();
  return torch::jit::freeze(module);
}

}  // namespace audioldm
