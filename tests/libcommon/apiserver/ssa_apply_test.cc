// Server-side apply: merging, ownership, conflicts, withdrawal.
#include <random>

#include "gmock/gmock.h"
#include "kinds_support.h"
#include "libcommon/apiserver/src/managed_fields.h"

namespace weir::apiserver {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr char kSchema[] = R"(
type: object
properties:
  status: {type: object, properties: {phase: {type: string}}}
  spec:
    type: object
    properties:
      number: {type: integer}
      text: {type: string}
      set: {type: array, x-kubernetes-list-type: set, items: {type: string}}
      list: {type: array, items: {type: string}}
      maps:
        type: array
        x-kubernetes-list-type: map
        x-kubernetes-list-map-keys: [name]
        items: {type: object, required: [name], properties: {name: {type: string}, value: {type: integer}, more: {type: array, x-kubernetes-list-type: set, items: {type: string}}}}
      ports:
        type: array
        x-kubernetes-list-type: map
        x-kubernetes-list-map-keys: [port, protocol]
        items: {type: object, required: [port], properties: {port: {type: integer}, protocol: {type: string, default: TCP}, name: {type: string}}}
      whole: {type: object, x-kubernetes-map-type: atomic, additionalProperties: {type: string}}
      labels: {type: object, additionalProperties: {type: string}}
      inner: {type: object, properties: {a: {type: string}, b: {type: string}}}
      free: {type: object, x-kubernetes-preserve-unknown-fields: true}
)";

const KindInfo& Thing() {
  static const KindPtr& kind = *new KindPtr(CustomKind(kSchema));
  return *kind;
}

// A Thing of this spec.
Value Object(const std::string& spec) {
  Value out = Yaml(
      "{apiVersion: example.com/v1, kind: Thing, metadata: {name: a, "
      "namespace: n}}");
  if (!spec.empty()) out.Set("spec", Yaml(spec));
  return out;
}

FieldManager Manager(absl::string_view name, int second = 0) {
  return {std::string(name), "", absl::FromUnixSeconds(1000 + second)};
}

// One object and those who write it.
class World {
 public:
  absl::Status Apply(absl::string_view manager, const std::string& spec,
                     bool force = false) {
    auto merged = ServerSideApply(Thing(), object_, Object(spec), force,
                                  Manager(manager, ++clock_));
    if (merged.ok()) object_ = *merged;
    return merged.status();
  }
  // Replaces the object.
  void Update(absl::string_view manager, const std::string& spec) {
    object_ =
        TrackUpdate(Thing(), object_, Object(spec), Manager(manager, ++clock_));
  }
  std::string Spec() const { return FormatJson(object_["spec"]); }
  // Paths that a manager owns.
  std::vector<std::string> OwnedBy(absl::string_view name) const {
    std::vector<std::string> out;
    auto managers = DecodeManagers(object_["metadata"]["managedFields"]);
    EXPECT_TRUE(managers.ok()) << managers.status();
    for (const auto& [id, set] : *managers) {
      if (id.name != name) continue;
      set.fields.ForEach(
          [&](const FieldPath& p) { out.push_back(FormatFieldPath(p)); });
    }
    return out;
  }
  const Value& object() const { return object_; }

 private:
  Value object_;
  int clock_ = 0;
};

TEST(ApplyTest, CreatesAndOwnsWhatItWasGiven) {
  World w;
  ASSERT_TRUE(w.Apply("one", "{number: 1, set: [a], inner: {a: x}}").ok());
  EXPECT_EQ(w.Spec(), R"({"inner":{"a":"x"},"number":1,"set":["a"]})");
  EXPECT_THAT(w.OwnedBy("one"),
              testing::UnorderedElementsAre(".spec.number", ".spec.set[=\"a\"]",
                                            ".spec.inner.a"));
}

TEST(ApplyTest, FieldLeftOutIsRemoved) {
  World w;
  ASSERT_TRUE(w.Apply("one", "{number: 1, text: x, set: [a, b]}").ok());
  ASSERT_TRUE(w.Apply("one", "{number: 1, set: [b]}").ok());
  EXPECT_EQ(w.Spec(), R"({"number":1,"set":["b"]})");
}

TEST(ApplyTest, FieldThatAnotherOwnsStays) {
  World w;
  ASSERT_TRUE(w.Apply("one", "{number: 1, text: x}").ok());
  ASSERT_TRUE(w.Apply("two", "{text: x}").ok());
  ASSERT_TRUE(w.Apply("one", "{number: 1}").ok());
  EXPECT_EQ(w.Spec(), R"({"number":1,"text":"x"})");
  EXPECT_THAT(w.OwnedBy("one"), ElementsAre(".spec.number"));
  EXPECT_THAT(w.OwnedBy("two"), ElementsAre(".spec.text"));
}

TEST(ApplyTest, DifferentValueIsAConflict) {
  World w;
  ASSERT_TRUE(w.Apply("one", "{number: 1}").ok());
  absl::Status status = w.Apply("two", "{number: 2}");
  EXPECT_EQ(kube::ApiCodeOf(status), 409);
  EXPECT_EQ(kube::ApiReasonOf(status), "Conflict");
  EXPECT_EQ(status.message(),
            "Apply failed with 1 conflict: conflict with \"one\": "
            ".spec.number");
  EXPECT_EQ(FormatJson(kube::ApiStatusOf(status)["details"]["causes"]),
            R"([{"field":".spec.number","message":"conflict with \"one\"",)"
            R"("reason":"FieldManagerConflict"}])");
  EXPECT_EQ(w.Spec(), R"({"number":1})");
}

TEST(ApplyTest, AllConflictsAreTold) {
  World w;
  ASSERT_TRUE(w.Apply("b", "{number: 1}").ok());
  w.Update("a", "{number: 1, text: x}");
  absl::Status status = w.Apply("c", "{number: 2, text: y}");
  EXPECT_EQ(status.message(),
            "Apply failed with 2 conflicts: conflicts with \"a\" using "
            "example.com/v1:\n- .spec.text\nconflicts with \"b\":\n- "
            ".spec.number");
}

TEST(ApplyTest, ForceTakesTheField) {
  World w;
  ASSERT_TRUE(w.Apply("one", "{number: 1, text: x}").ok());
  ASSERT_TRUE(w.Apply("two", "{number: 2}", true).ok());
  EXPECT_EQ(w.Spec(), R"({"number":2,"text":"x"})");
  EXPECT_THAT(w.OwnedBy("one"), ElementsAre(".spec.text"));
  EXPECT_THAT(w.OwnedBy("two"), ElementsAre(".spec.number"));
}

TEST(ApplyTest, UpdateTakesWhatItChanged) {
  World w;
  ASSERT_TRUE(w.Apply("one", "{number: 1, text: x}").ok());
  w.Update("two", "{number: 2, text: x}");
  EXPECT_THAT(w.OwnedBy("one"), ElementsAre(".spec.text"));
  EXPECT_THAT(w.OwnedBy("two"), ElementsAre(".spec.number"));
  // Given back by applying the same value.
  ASSERT_TRUE(w.Apply("one", "{number: 2, text: x}").ok());
  EXPECT_THAT(w.OwnedBy("one"),
              testing::UnorderedElementsAre(".spec.number", ".spec.text"));
}

TEST(ApplyTest, RemovalByUpdateEndsOwnership) {
  World w;
  ASSERT_TRUE(w.Apply("one", "{number: 1, maps: [{name: a, value: 1}]}").ok());
  w.Update("two", "{number: 1}");
  EXPECT_THAT(w.OwnedBy("one"), ElementsAre(".spec.number"));
  EXPECT_TRUE(w.OwnedBy("two").empty());
}

TEST(ApplyTest, AtomicListHasOneOwner) {
  World w;
  ASSERT_TRUE(w.Apply("one", "{list: [a, b]}").ok());
  EXPECT_EQ(w.Apply("two", "{list: [a]}").message(),
            "Apply failed with 1 conflict: conflict with \"one\": .spec.list");
  ASSERT_TRUE(w.Apply("two", "{list: [a]}", true).ok());
  EXPECT_EQ(w.Spec(), R"({"list":["a"]})");
  EXPECT_TRUE(w.OwnedBy("one").empty());
}

TEST(ApplyTest, AtomicMapIsReplacedWhole) {
  World w;
  ASSERT_TRUE(w.Apply("one", "{whole: {a: x, b: y}}").ok());
  ASSERT_TRUE(w.Apply("one", "{whole: {c: z}}").ok());
  EXPECT_EQ(w.Spec(), R"({"whole":{"c":"z"}})");
  EXPECT_THAT(w.OwnedBy("one"), ElementsAre(".spec.whole"));
}

TEST(ApplyTest, MembersOfAMapHaveOwners) {
  World w;
  ASSERT_TRUE(w.Apply("one", "{labels: {a: x}}").ok());
  ASSERT_TRUE(w.Apply("two", "{labels: {b: y}}").ok());
  EXPECT_EQ(w.Spec(), R"({"labels":{"a":"x","b":"y"}})");
  ASSERT_TRUE(w.Apply("one", "{}").ok());
  EXPECT_EQ(w.Spec(), R"({"labels":{"b":"y"}})");
}

TEST(ApplyTest, ItemsAreFoundByTheirKeys) {
  World w;
  ASSERT_TRUE(w.Apply("one", "{maps: [{name: a, value: 1}, {name: b}]}").ok());
  ASSERT_TRUE(w.Apply("two", "{maps: [{name: b, value: 2}]}").ok());
  EXPECT_EQ(w.Spec(), R"({"maps":[{"name":"a","value":1},)"
                      R"({"name":"b","value":2}]})");
  // The item stays as long as anybody has it.
  ASSERT_TRUE(w.Apply("one", "{maps: [{name: a, value: 1}]}").ok());
  EXPECT_EQ(w.Spec(), R"({"maps":[{"name":"a","value":1},)"
                      R"({"name":"b","value":2}]})");
  ASSERT_TRUE(w.Apply("two", "{}").ok());
  EXPECT_EQ(w.Spec(), R"({"maps":[{"name":"a","value":1}]})");
}

TEST(ApplyTest, DefaultOfAKeyCompletesIt) {
  World w;
  ASSERT_TRUE(w.Apply("one", "{ports: [{port: 80}]}").ok());
  ASSERT_TRUE(
      w.Apply("two", "{ports: [{port: 80, protocol: TCP, name: x}]}").ok());
  EXPECT_EQ(w.object()["spec"]["ports"].size(), 1u);
  ASSERT_TRUE(w.Apply("two", "{ports: [{port: 80, protocol: UDP}]}").ok());
  EXPECT_EQ(w.object()["spec"]["ports"].size(), 2u);
}

struct OrderCase {
  const char* name;
  const char* live;
  const char* applied;
  const char* want;
};
class OrderTest : public testing::TestWithParam<OrderCase> {};

TEST_P(OrderTest, AppliedItemsKeepTheirOrder) {
  World w;
  w.Update("live", absl::StrCat("{set: ", GetParam().live, "}"));
  ASSERT_TRUE(
      w.Apply("one", absl::StrCat("{set: ", GetParam().applied, "}")).ok());
  EXPECT_EQ(FormatJson(w.object()["spec"]["set"]),
            FormatJson(Yaml(GetParam().want)));
}

INSTANTIATE_TEST_SUITE_P(
    Table, OrderTest,
    testing::Values(OrderCase{"AppendsNew", "[a, b]", "[c]", "[a, b, c]"},
                    OrderCase{"KeepsShared", "[a, b, c]", "[b]", "[a, b, c]"},
                    OrderCase{"FollowsTheApplier", "[a, b, c]", "[c, a]",
                              "[b, c, a]"},
                    OrderCase{"LiveAheadOfNextShared", "[a, b, c, d]",
                              "[x, c, y]", "[a, b, x, c, d, y]"},
                    OrderCase{"Swaps", "[a, b]", "[b, a]", "[b, a]"},
                    OrderCase{"Nothing", "[a]", "[]", "[a]"}),
    [](const auto& info) { return std::string(info.param.name); });

struct RefusalCase {
  const char* name;
  const char* body;
  int code;
  const char* message;
};
class RefusalTest : public testing::TestWithParam<RefusalCase> {};

TEST_P(RefusalTest, IsTold) {
  Value body = Yaml(GetParam().body);
  auto merged = ServerSideApply(Thing(), Value(), body, false, Manager("one"));
  ASSERT_FALSE(merged.ok());
  EXPECT_EQ(kube::ApiCodeOf(merged.status()), GetParam().code);
  EXPECT_EQ(merged.status().message(), GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    Table, RefusalTest,
    testing::Values(
        RefusalCase{"OtherKind", "{apiVersion: v1, kind: Pod}", 400,
                    "invalid object type: /v1, Kind=Pod"},
        RefusalCase{"ManagedFields",
                    "{apiVersion: example.com/v1, kind: Thing, metadata: "
                    "{managedFields: [{manager: x}]}}",
                    400, "metadata.managedFields must be nil"},
        RefusalCase{"UnknownField",
                    "{apiVersion: example.com/v1, kind: Thing, metadata: "
                    "{name: a}, spec: {foo: 1}}",
                    500,
                    "failed to create typed patch object (/a; "
                    "example.com/v1, Kind=Thing): .spec.foo: field not "
                    "declared in schema"},
        RefusalCase{"Duplicates",
                    "{apiVersion: example.com/v1, kind: Thing, metadata: "
                    "{name: a}, spec: {set: [a, a]}}",
                    500,
                    "failed to create typed patch object (/a; "
                    "example.com/v1, Kind=Thing): .spec.set: duplicate "
                    "entries for key [=\"a\"]"},
        RefusalCase{"ItemWithoutKey",
                    "{apiVersion: example.com/v1, kind: Thing, metadata: "
                    "{name: a}, spec: {maps: [{value: 1}]}}",
                    500,
                    "failed to create typed patch object (/a; "
                    "example.com/v1, Kind=Thing): .spec.maps: element 0: "
                    "associative list with keys has an element that omits "
                    "all key fields [\"name\"] (and doesn't have default "
                    "values for any key fields)"}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(ApplyTest, ObjectWithoutOwnersGetsOne) {
  Value live = Object("{number: 1}");
  live.Mutable("metadata").Set("uid", "u");
  auto merged = ServerSideApply(Thing(), live, Object("{number: 2}"), false,
                                Manager("one"));
  EXPECT_THAT(std::string(merged.status().message()),
              HasSubstr("conflict with \"before-first-apply\" using "
                        "example.com/v1: .spec.number"));
}

TEST(ApplyTest, StatusIsNotAppliedAtTheMainEndpoint) {
  Value body = Object("{number: 1}");
  body.Set("status", Yaml("{phase: x}"));
  auto merged = ServerSideApply(Thing(), Value(), body, false, Manager("one"));
  ASSERT_TRUE(merged.ok());
  EXPECT_EQ(
      FormatJson((*merged)["metadata"]["managedFields"][size_t{0}]["fieldsV1"]),
      R"({"f:spec":{"f:number":{}}})");
}

TEST(ApplyTest, RepeatedApplyKeepsItsTime) {
  World w;
  ASSERT_TRUE(w.Apply("one", "{number: 1, labels: {a: b}}").ok());
  const Value before = w.object();
  ASSERT_TRUE(w.Apply("one", "{number: 1, labels: {a: b}}").ok());
  EXPECT_EQ(w.object(), before);
}

TEST(ApplyTest, KubectlMayTakeItsOwnClientSideFields) {
  Value live = Object("{number: 1, text: x}");
  live.Mutable("metadata")
      .Set("annotations",
           Value::MakeObject(
               {{"kubectl.kubernetes.io/last-applied-configuration",
                 R"({"apiVersion":"example.com/v1","kind":"Thing","metadata":)"
                 R"({"name":"a","namespace":"n"},"spec":{"number":1}})"}}));
  live =
      TrackUpdate(Thing(), Value(), live, Manager("kubectl-client-side-apply"));
  auto taken = ServerSideApply(Thing(), live, Object("{number: 2}"), false,
                               Manager("kubectl"));
  EXPECT_TRUE(taken.ok()) << taken.status();
  auto refused = ServerSideApply(Thing(), live, Object("{text: y}"), false,
                                 Manager("kubectl"));
  EXPECT_EQ(kube::ApiCodeOf(refused.status()), 409);
}

TEST(ManagersTest, OldUpdatesAreJoined) {
  World w;
  std::string labels;
  for (int i = 0; i < 13; ++i) {
    absl::StrAppend(&labels, i == 0 ? "" : ", ", "l", i, ": x");
    w.Update(absl::StrCat("m", i), absl::StrCat("{labels: {", labels, "}}"));
  }
  const Value& entries = w.object()["metadata"]["managedFields"];
  EXPECT_EQ(entries.size(), 10u);
  EXPECT_EQ(entries[size_t{0}].GetString("manager"), "ancient-changes");
  EXPECT_THAT(w.OwnedBy("ancient-changes"), testing::SizeIs(6));
}

TEST(ManagersTest, EntriesAreSorted) {
  World w;
  w.Update("z", "{number: 1}");
  ASSERT_TRUE(w.Apply("y", "{text: a}").ok());
  ASSERT_TRUE(w.Apply("x", "{list: [a]}").ok());
  std::vector<std::string> order;
  for (const Value& e : w.object()["metadata"]["managedFields"].array()) {
    order.emplace_back(e.GetString("manager"));
  }
  EXPECT_THAT(order, ElementsAre("y", "x", "z"));
}

TEST(ManagersTest, EmptyListResets) {
  World w;
  ASSERT_TRUE(w.Apply("one", "{number: 1}").ok());
  Value reset = w.object();
  reset.Mutable("metadata").Set("managedFields", Yaml("[{}]"));
  Value out = TrackUpdate(Thing(), w.object(), reset, Manager("two"));
  EXPECT_FALSE(out["metadata"].Has("managedFields"));
}

TEST(ManagersTest, NonsenseFromClientsIsIgnored) {
  World w;
  ASSERT_TRUE(w.Apply("one", "{number: 1}").ok());
  Value sent = w.object();
  sent.Mutable("metadata")
      .Set("managedFields", Yaml("[{manager: x, operation: Odd}]"));
  Value out = TrackUpdate(Thing(), w.object(), sent, Manager("two"));
  EXPECT_EQ(out["metadata"]["managedFields"],
            w.object()["metadata"]["managedFields"]);
}

TEST(BuiltinApplyTest, StructsThatGoAlwaysWritesBelongToNobody) {
  Value pod = Yaml(
      "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: "
      "{selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: "
      "b}}, spec: {containers: [{name: c, image: i}]}}}}");
  const KindInfo& kind = KindOf("Deployment");
  ApplyDefaults(kind, Value(), pod);
  Value tracked = TrackUpdate(kind, Value(), pod, Manager("m"));
  const Value& fields =
      tracked["metadata"]["managedFields"][size_t{0}]["fieldsV1"]["f:spec"];
  EXPECT_FALSE(fields.Has("."));
  EXPECT_FALSE(fields["f:strategy"].Has("."));
  EXPECT_TRUE(fields["f:strategy"]["f:rollingUpdate"].Has("."));
}

// ------------------------------------------------------------- properties

Value RandomSpec(std::mt19937& random) {
  auto pick = [&](int n) { return static_cast<int>(random() % n); };
  auto letter = [&] {
    return std::string(1, static_cast<char>('a' + pick(4)));
  };
  Value spec = Value::MakeObject();
  if (pick(2)) spec.Set("number", pick(3));
  if (pick(2)) spec.Set("text", letter());
  if (pick(2))
    spec.Set("inner",
             Value::MakeObject({{letter() < "c" ? "a" : "b", letter()}}));
  if (pick(2)) spec.Set("list", Value(Value::Array{Value(letter())}));
  if (pick(2)) spec.Set("whole", Value::MakeObject({{letter(), letter()}}));
  if (pick(2)) {
    Value labels = Value::MakeObject();
    for (int i = 1 + pick(3); i > 0; --i) labels.Set(letter(), letter());
    spec.Set("labels", labels);
  }
  if (pick(2)) {
    std::set<std::string> names;
    Value set = Value::MakeArray(), maps = Value::MakeArray();
    for (int i = 1 + pick(3); i > 0; --i) {
      std::string name = letter();
      if (!names.insert(name).second) continue;
      set.Append(name);
      maps.Append(Value::MakeObject({{"name", name}, {"value", pick(3)}}));
    }
    if (pick(2)) spec.Set("set", set);
    spec.Set("maps", maps);
  }
  if (pick(3) == 0) {
    spec.Set("free",
             Value::MakeObject(
                 {{letter(), Value::MakeObject({{letter(), pick(2)}})}}));
  }
  return spec;
}

TEST(ApplyPropertyTest, TwiceIsOnce) {
  std::mt19937 random(3);
  for (int i = 0; i < 20; ++i) {
    World w;
    w.Update("other", FormatJson(RandomSpec(random)));
    const std::string spec = FormatJson(RandomSpec(random));
    ASSERT_TRUE(w.Apply("one", spec, true).ok());
    const Value once = w.object();
    ASSERT_TRUE(w.Apply("one", spec).ok());
    EXPECT_EQ(FormatJson(w.object()), FormatJson(once)) << spec;
  }
}

TEST(ApplyPropertyTest, WithdrawalLeavesWhatWasBefore) {
  std::mt19937 random(4);
  int compared = 0;
  for (int i = 0; i < 40; ++i) {
    World w;
    ASSERT_TRUE(w.Apply("other", FormatJson(RandomSpec(random))).ok());
    const std::string before = w.Spec();
    const auto owned = w.OwnedBy("other");
    // Without force, so that nothing of the other's is changed.
    if (!w.Apply("one", FormatJson(RandomSpec(random))).ok()) continue;
    ASSERT_TRUE(w.Apply("one", "").ok());
    ++compared;
    // The order of sets may follow the applier's.
    Value a = w.object()["spec"], b = Yaml(before);
    for (Value* v : {&a, &b}) {
      for (const char* key : {"set", "maps"}) {
        if (!(*v)[key].is_array()) continue;
        Value::Array& items = v->Mutable(key).MutableArray();
        std::sort(items.begin(), items.end(),
                  [](const Value& x, const Value& y) {
                    return CompareValues(x, y) < 0;
                  });
      }
    }
    EXPECT_EQ(FormatJson(a), FormatJson(b));
    EXPECT_EQ(w.OwnedBy("other"), owned);
  }
  EXPECT_GT(compared, 5);
}

TEST(ApplyPropertyTest, AppliedFieldsAreThereOrItIsRefused) {
  std::mt19937 random(5);
  for (int i = 0; i < 30; ++i) {
    World w;
    w.Update("a", FormatJson(RandomSpec(random)));
    const std::string before = w.Spec();
    const Value spec = RandomSpec(random);
    absl::Status status = w.Apply("b", FormatJson(spec));
    if (!status.ok()) {
      EXPECT_EQ(kube::ApiCodeOf(status), 409);
      EXPECT_EQ(w.Spec(), before);
      ASSERT_TRUE(w.Apply("b", FormatJson(spec), true).ok());
    }
    // What was applied is what is there.
    for (const char* key : {"number", "text", "list", "whole"}) {
      if (!spec.Has(key)) continue;
      EXPECT_EQ(w.object()["spec"][key], spec[key]);
    }
    // Every field has an owner.
    FieldSet all = FieldSetOf(*Thing().schema, Object(w.Spec()));
    auto managers = DecodeManagers(w.object()["metadata"]["managedFields"]);
    FieldSet owned;
    for (const auto& [id, set] : *managers) owned = owned.Union(set.fields);
    FieldSet left = all.Difference(owned);
    left.ForEach([&](const FieldPath& path) {
      if (path[0].name == "spec") {
        EXPECT_EQ(path.size(), 1u) << FormatFieldPath(path);
      }
    });
  }
}

}  // namespace
}  // namespace weir::apiserver
