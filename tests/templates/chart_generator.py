"""Random charts and values: what `differential --charts` compares."""

import json
import re

from template_generator import WORDS, Generator, with_small_integers

# As FUNCTIONS; N a template's name, T a template's text, y YAML, j JSON, o
# TOML, p a path in .Files.
HELM = {
    'include': 'N a', 'tpl': 'T a', 'required': 's a', 'fail': 's',
    'lookup': 's s s s', 'toYaml': 'a', 'mustToYaml': 'a', 'toYamlPretty': 'a',
    'fromYaml': 'y', 'fromYamlArray': 'y', 'toJson': 'a', 'mustToJson': 'a',
    'fromJson': 'j', 'fromJsonArray': 'j', 'toToml': 'a', 'mustToToml': 'a',
    'fromToml': 'o', 'getHostByName': 's', '$.Files.Get': 'p',
    '$.Files.Glob': 'p', '$.Files.Lines': 'p', '$.Files.GetBytes': 'p',
    '$.Capabilities.APIVersions.Has': 's', '$.Values.PathValue': 's',
    '$.Values.Table': 's',
}
# Each Helm function as often as several of Sprig's.
WEIGHT = 8
OBJECTS = [
    '$.Release', '.Release.Name', '.Release.Namespace', '.Release.Revision',
    '.Release.IsInstall', '$.Chart', '.Chart.Name', '.Chart.Version',
    '.Chart.AppVersion', '.Chart.Annotations', '.Chart.Keywords', '.Chart.nope',
    '.Chart.Maintainers', '.Chart.Dependencies', '.Chart.IsRoot', '.Chart.Type',
    '.Chart.Annotations.a', '.Chart.Name.x', '$.Template', '.Template.Name',
    '.Template.BasePath', '$.Capabilities', '.Capabilities.KubeVersion',
    '$.Capabilities.KubeVersion.Version', '.Capabilities.KubeVersion.Major',
    '$.Capabilities.KubeVersion.GitVersion', '$.Capabilities.KubeVersion.String',
    '$.Capabilities.KubeVersion.nope', '$.Capabilities.HelmVersion',
    '$.Capabilities.HelmVersion.Version', '$.Capabilities.APIVersions',
    '$.Capabilities.nope', '$.Capabilities.KubeVersion.normalizedVersion',
    '(index $.Capabilities.APIVersions 0)', '(list $.Capabilities.KubeVersion)',
    '(dict "a" $.Capabilities)', '$.Files', '(index $.Files "a.txt")',
    '(index $.Files "nope")', '$.Files.nope', '($.Files.Glob "**").AsConfig',
    '($.Files.Glob "files/*").AsSecrets', '$.Files.AsConfig', '$.Files.AsSecrets',
    '$.Subcharts', '$.Subcharts.sub', '$.Subcharts.sub.Values.a',
    '$.Subcharts.sub.Chart.Name', '$.Subcharts.nope.Chart', '$.Values',
    '$.Values.sub', '$.Values.global', '$.Values.global.a', '$.Values.AsMap',
    '$.Values.YAML', '($.Values.Table "sub")', '($.Values.Table "nope.x")',
    '($.Values.PathValue "sub.a")', '($.Values.PathValue "a")',
    '$.Values.sub.YAML', '$', '.', '$.nope', '$.nope.x', '.Values.nope.x',
    '$.Values.AsMap.a', '$.Values.tpl', '$.Values.yaml', '$.Values.toml']
NAMES = ['one', 'two', 'helper', 'sub.helper', 'lib.helper', 'none',
         'root/templates/_helpers.tpl', 'root/templates/a.yaml',
         'root/charts/sub/templates/a.yaml']
PATHS = ['a.txt', 'files/b.txt', 'empty', 'files/*', '**', '*', 'nope', '[', '',
         '{a,e}*', 'files/**.txt', 'config.ini', '*.t?t', 'files/[a-b].txt',
         'files/{b,c}.txt', '**/d.txt', 'files/[!b]*', '\\*', 'README.md']
YAML = ['a: 1', 'a: [1, "2", null, true, 1.5]', '- 1\n- a: b\n', 'a: &x {b: 1}\nc: *x',
        'a: |\n  x\n  y\n', 'a: >-\n  x\n  y\n', 'x', '', '# c', 'null', '---\na: 1\n---\nb: 2',
        'a: b: c', '\ta: 1', 'a: [1', 'a: "x', '- a\nb: 1', 'a: 1\na: 2', '? a\n: b',
        '<<: {a: 1}\nb: 2', 'y: n', '0x10: 0o17', '1.5: 1e3', 'a: *x', '!!binary YWJj',
        'a: 2020-01-01', 'a: !!str 1', 'a: .inf', '{a: 1, b: {c: [x, y]}}',
        'a: 12345678901234567890', 'a: 0755', '%YAML 1.1\n---\na: 1', '@a', '`a', 'a: %b',
        'a:\n- b\n-c\n', 'a:\n  b: 1\n c: 2', '"a\\qb"', "'it''s'", 'a: !x y',
        'a: 1_000', 'a: 1:20', 'a: ~', 'true: x', '{a: b', '[a, b', 'a: {b: c',
        'key: "\\u00e9\\x41\\n"', '&a a: *a', '- - 1\n  - 2\n- {}', 'a: ]', '&a', '!!map [a]']
JSON = ['{"a":1}', '[1,"a",null]', '1', '"x"', 'null', 'true', '', '{', '{"a":1e999}',
        '[1e999,2]', '{"a":{"b":-1e999,"c":1},"d":1e999}', '1e999', '{"a":1,}', '[1,]',
        '{"a":"\\ud800"}', '{"a" 1}', "{'a':1}", 'nul', '01', '1.', '-', '"a\nb"', '{"a":1}x',
        '[', '{"a":[{"b":[]}]}', '"\\x"', '{"Error":"x","a":1e400}', '1 2', '{1:2}', '"\\u12"']
TOML = ['a = 1', '[a]\nb = "x"', '[[a]]\nb = 1\n[[a]]\nb = 2', 'a = [1, 2.5, "x"]',
        'a.b.c = true', 'a = {b = 1, c = {d = []}}', 'a = 1\na = 2', 'a =', 'a', '= 1',
        '[a', '[a]]', '[[a]', 'a = "x', "a = 'x", 'a = """x', 'a = [1', 'a = {b', 'a = 01',
        'a = 1_', 'a = 0x1F', 'a = 0b2', 'a = 0o17', 'a = 1979-05-27', 'a = 07:32:00',
        'a = 1979-05-27T07:32:00Z', 'a = 1979-05-27 07:32:00.5+01:00', 'a = 1979-13-01',
        'a = inf', 'a = -nan', 'a = +1', 'a = 1.', 'a = .5', 'a = 1e5', 'a = 1e', 'a = tru',
        '"a b" = 1', "'a' = 1", 'a = "\\q"', 'a = "\\u00e9"', 'a = "\\u12"', 'a = """\nx\n\\\n  y"""',
        "a = '''\nx'''", '# c\na = 1 # d', 'a = 1 b = 2', '[a]\n[a]', 'a = 1\n[a]', '[a]\n[[a]]',
        'a.b = 1\n[a]', '[a.b]\n[a]\nc = 1', 'a = {b = 1}\n[a.c]', 'a = 9223372036854775808',
        'a = 1e999', '\x00', 'a = "\x01"', 'a = [1,,2]', 'a = {,}', 'a = {b = 1,}', 'a = {b=1 c=2}',
        'a = [\n1, # c\n2\n]', 'a = 1\r\nb = 2', 'a\n= 1', 'a. = 1', '.a = 1', 'a..b = 1',
        '[]', '[ a . b ]', '[a.]', 'a = -0', 'a = +nan', 'a = 1__0', 'a = -01', 'a = 0.1.2',
        'a = [{b = 1}, {c = 2}]', '[[a]]\n[a.b]\nc = 1\n[[a]]', 'a = "\\U0010FFFF"', 'é = 1',
        'a = "é"', 'a = true\nb = false', 'a = 1979-05-27T07:32Z', 'a = "x"y', 'a = 1 # \x02',
        'a = [1]\n[[a]]', 'a = 0x_1', 'a = -0x1', 'a = """a""""', 'a = """a""""""', 'a = \'\'\'x']
# Templates in values.
TEMPLATES = ['{{ .Values.a | quote }}', '{{ include "one" . }}', '{{ .x.y }}', '{{ fail "no" }}',
             '{{ required "need" .Values.nope }}', '{{', '{{ tpl "{{ .Values.b }}" . }}',
             '{{ define "two" }}new{{ end }}{{ include "two" . }}', '{{ nope }}', 'plain',
             '{{ include "helper" (dict "a" .) }}', '{{ end }}',
             '{{ template "one" . }}', '{{ .Template.Name }}', '{{ .Values.nope }}x<no value>',
             '{{ tpl "{{ fail `x` }}" . }}', '{{ toYaml .Values | nindent 2 }}', '{{ index .Values.a 9 }}']
# A named template calls only those before it: one that calls itself twice ends
# after 2^1000 calls.
ORDER = ['one', 'two', 'helper', 'sub.helper', 'lib.helper']
SHEETS = {'y': YAML, 'j': JSON, 'o': TOML}


class ChartGenerator(Generator):
    def __init__(self, seed):
        super().__init__(seed, True)
        self.functions.update(HELM)
        self.names = sorted(self.functions) + sorted(HELM) * WEIGHT
        self.root = '$.Values.'
        self.mistaken = .03
        self.nested = 0
        # The named template that is being made.
        self.within = None

    # A text of a language, sometimes with a mistake.
    def sheet(self, texts):
        r = self.rng
        text = r.choice(texts)
        if r.random() < .4:
            tokens = re.findall(r'\w+|\s|.', text + '\n' + r.choice(texts), re.S)
            for _ in range(r.choice([1, 1, 2, 3])):
                at = r.randrange(len(tokens) or 1)
                how = r.randrange(4)
                if how == 0:
                    tokens[at:at + 1] = []
                elif how == 1:
                    tokens.insert(at, r.choice(tokens or ['x']))
                else:
                    tokens.insert(at, r.choice(
                        list('[]{}:,=.#\'"\\\n \t-&*!|>%@?_+') + ['é', '\r\n', '\x07', '  ']))
            text = ''.join(tokens)
        return text

    def quoted(self, text):
        if '`' not in text and '\r' not in text and self.rng.random() < .5:
            return '`%s`' % text
        return json.dumps(text, ensure_ascii=False)

    def literal(self, kind):
        r = self.rng
        if kind in SHEETS:
            return self.quoted(self.sheet(SHEETS[kind]))
        if kind == 'N':
            names = NAMES
            if self.within:
                names = ['none'] + ORDER[:ORDER.index(self.within)]
            return json.dumps(r.choice(names))
        if kind == 'p':
            return json.dumps(r.choice(PATHS))
        if kind == 'T':
            if self.nested > 1 or r.random() < .3:
                return self.quoted(r.choice(TEMPLATES[:3] if self.within else
                                            TEMPLATES))
            self.nested += 1
            text = self.with_mistakes(self.scoped_alone(0)) if (
                r.random() < .1) else self.scoped_alone(0)
            self.nested -= 1
            return self.quoted(text)
        return super().literal(kind)

    def operand(self, kind, depth):
        r = self.rng
        if kind == 'N' and r.random() < .1 and not self.within:
            return '$.Template.Name'
        if kind == 'T' and r.random() < .3 and not self.within:
            return r.choice(['$.Values.tpl', '$.Values.a', '($.Files.Get "a.txt")'])
        if kind in 'yo' and depth > 0 and r.random() < .3:
            return '(%s %s)' % ('toYaml' if kind == 'y' else 'toToml',
                                self.operand('a', depth - 1))
        if kind == 'y' and r.random() < .1:
            return '$.Values.yaml'
        if kind in 'NTyjop' and r.random() < .93:
            return self.literal(kind)
        if kind in 'aml' and r.random() < .25:
            return r.choice(OBJECTS)
        if kind in 'NTyjop':
            kind = 's'
        return super().operand(kind, depth)

    def tame_operand(self, kind, depth):
        if kind == 'a' and self.rng.random() < .3:
            return self.rng.choice(['$', '.', '$', '.'] + OBJECTS)
        return super().tame_operand(kind, depth)

    # A file in templates/, which may define the named templates.
    def file(self, names):
        r = self.rng
        self.is_tame = r.random() < .8
        text = ''
        for name in names:
            self.variables = []
            self.within = name
            text += '{{%s define "%s" %s}}%s{{ end }}%s' % (
                r.choice(['-', '-', '']), name, r.choice(['-', '']),
                self.block(r.choice([0, 0, 1])), r.choice(['\n', '']))
        self.variables = []
        self.within = None
        if names == () or r.random() < .4:
            text += self.block(r.choice([0, 1, 1, 2]))
        if r.random() < self.mistaken:
            text = self.with_mistakes(text)
        return text

    def values(self):
        r = self.rng
        out = self.data()
        out['tpl'] = r.choice(TEMPLATES)
        out['yaml'] = self.sheet(YAML)
        out['toml'] = self.sheet(TOML)
        if r.random() < .5:
            out['sub'] = self.data()
        if r.random() < .3:
            out['global'] = self.data()
        return out

    def metadata(self, name):
        r = self.rng
        out = {'apiVersion': 'v2', 'name': name, 'version': '1.2.3'}
        if r.random() < .5:
            out.update(appVersion=r.choice(['1.0', 1.10, 'x', '']),
                       annotations=r.choice([{}, {'a': 'b'}, {'x.y/z': '1', 'a': 'c'}]),
                       keywords=r.choice([[], ['a', 'b']]),
                       maintainers=r.choice([[], [{'name': 'x', 'email': 'y'}]]),
                       description=r.choice(WORDS[:20]))
        return json.dumps(out)

    def files(self):
        r = self.rng
        out = {'Chart.yaml': self.metadata('root'),
               'templates/_helpers.tpl': self.file(('helper', 'one'))}
        for name in r.sample(['a.yaml', 'b.yaml', 'NOTES.txt', 'x/c.yaml'],
                             r.choice([1, 1, 2, 3])):
            out['templates/' + name] = self.file(r.choice([(), (), (), ('two',)]))
        if r.random() < .7:
            out['values.yaml'] = json.dumps(self.values())
        if r.random() < .5:
            out.update({'a.txt': '{{ .Values.a }}\nline\n', 'empty': '',
                        'files/b.txt': 'b', 'files/c/d.txt': '\u00e9\n\nx',
                        'config.ini': 'k = "v"\n'})
        if r.random() < .5:
            out['charts/sub/Chart.yaml'] = self.metadata('sub')
            out['charts/sub/templates/_h.tpl'] = self.file(('sub.helper',))
            out['charts/sub/templates/a.yaml'] = self.file(())
            out['charts/sub/values.yaml'] = json.dumps(self.data())
        if r.random() < .1:
            out['charts/lib/Chart.yaml'] = json.dumps(
                {'apiVersion': 'v2', 'name': 'lib', 'version': '1.0.0', 'type': 'library'})
            out['charts/lib/templates/_l.tpl'] = self.file(('lib.helper',))
            out['charts/lib/templates/l.yaml'] = self.file(())
        return out

    # What both programs run.
    def record(self):
        record = {'f': self.files(), 'v': self.values()}
        if self.rng.random() < .3:
            record['x'] = True
            record['v'] = with_small_integers(record['v'])
        if self.rng.random() < .1:
            record['s'] = True
        return record
