"""Random templates and values: what `differential` compares."""

import json
import random
import re

TOKENS = r'\{\{-?|-?\}\}|"(?:\\.|[^"\\])*"|`[^`]*`|\w+|\s+|.'

# Each function's parameters: s text, i int literal, I nothing but an int
# literal (what it counts must stay small), a anything, l list, m dict, n number, b bool, r regexp, v version, t time, d layout; a trailing *
# repeats.
FUNCTIONS = {
    'print': 'a*', 'println': 'a*', 'printf': 'f a*', 'html': 'a*', 'js': 'a*',
    'urlquery': 'a*', 'len': 'a', 'index': 'a a*', 'eq': 'a a a*', 'ne': 'a a',
    'lt': 'a a', 'le': 'a a', 'gt': 'a a', 'ge': 'a a', 'and': 'a a*',
    'or': 'a a*', 'not': 'a',
}
SPRIG = {
    'abbrev': 'i s', 'abbrevboth': 'i i s', 'trunc': 'i s', 'trim': 's',
    'upper': 's', 'lower': 's', 'title': 's', 'untitle': 's',
    'substr': 'i i s', 'repeat': 'I s', 'trimAll': 's s', 'trimSuffix': 's s',
    'trimPrefix': 's s', 'nospace': 's', 'initials': 's', 'swapcase': 's',
    'snakecase': 's', 'camelcase': 's', 'kebabcase': 's', 'wrap': 'I s',
    'wrapWith': 'I s s', 'contains': 's s', 'hasPrefix': 's s',
    'hasSuffix': 's s', 'quote': 'a*', 'squote': 'a*', 'cat': 'a*',
    'indent': 'I s', 'nindent': 'I s', 'replace': 's s s', 'plural': 's s i',
    'toString': 'a', 'split': 's s', 'splitList': 's s', 'splitn': 's i s',
    'toStrings': 'l', 'join': 's l', 'sortAlpha': 'l', 'list': 'a*',
    'append': 'l a', 'prepend': 'l a', 'first': 'l', 'rest': 'l', 'last': 'l',
    'initial': 'l', 'reverse': 'l', 'compact': 'l', 'uniq': 'l',
    'without': 'l a*', 'has': 'a l', 'concat': 'l*', 'chunk': 'I l',
    'dict': 's a s a', 'get': 'm s', 'set': 'm s a', 'unset': 'm s',
    'hasKey': 'm s', 'pluck': 's m*', 'pick': 'm s*', 'omit': 'm s*',
    'merge': 'm m*', 'mergeOverwrite': 'm m*', 'deepCopy': 'a',
    'dig': 's s a m', 'int': 'n', 'int64': 'n', 'float64': 'n', 'atoi': 's',
    'toDecimal': 'n', 'add1': 'n', 'add': 'n*', 'sub': 'n n', 'div': 'n n',
    'mod': 'n n', 'mul': 'n n*', 'addf': 'n*', 'subf': 'n n*', 'divf': 'n n*',
    'mulf': 'n n*', 'max': 'n n*', 'min': 'n n*', 'maxf': 'n n*',
    'minf': 'n n*', 'ceil': 'n', 'floor': 'n', 'round': 'n I', 'until': 'I',
    'untilStep': 'I I I', 'seq': 'I I', 'default': 'a a', 'empty': 'a',
    'coalesce': 'a*', 'all': 'a*', 'any': 'a*', 'ternary': 'a a b',
    'fail': 's', 'typeOf': 'a', 'typeIs': 's a', 'kindOf': 'a',
    'kindIs': 's a', 'deepEqual': 'a a', 'fromJson': 's', 'toJson': 'a',
    'toPrettyJson': 'a', 'toRawJson': 'a', 'mustFromJson': 's',
    'mustToJson': 'a', 'b64enc': 's', 'b64dec': 's', 'b32enc': 's',
    'b32dec': 's', 'sha256sum': 's', 'adler32sum': 's', 'regexMatch': 'r s',
    'regexFind': 'r s', 'regexFindAll': 'r s i', 'regexReplaceAll': 'r s s',
    'regexReplaceAllLiteral': 'r s s', 'regexSplit': 'r s i',
    'regexQuoteMeta': 's', 'semver': 'v', 'semverCompare': 'v v', 'base': 's',
    'dir': 's', 'clean': 's', 'ext': 's', 'isAbs': 's', 'urlParse': 's',
    'urlJoin': 'm', 'date': 'd t', 'dateInZone': 'd t s', 'toDate': 'd s',
    'mustToDate': 'd s', 'unixEpoch': 't', 'dateModify': 's t',
    'duration': 'a', 'durationRound': 's', 'htmlDate': 't', 'hello': '',
    'trimall': 's s', 'tuple': 'a*', 'push': 'l a', 'mustPush': 'l a',
    'mustAppend': 'l a', 'mustPrepend': 'l a', 'mustFirst': 'l',
    'mustRest': 'l', 'mustLast': 'l', 'mustInitial': 'l', 'mustReverse': 'l',
    'mustCompact': 'l', 'mustUniq': 'l', 'mustWithout': 'l a*',
    'mustHas': 'a l', 'slice': 'l i i', 'mustSlice': 'l i*',
    'mustChunk': 'I l', 'mustMerge': 'm m*', 'mustMergeOverwrite': 'm m*',
    'mustDeepCopy': 'a', 'biggest': 'n n*', 'add1f': 'n', 'sha1sum': 's',
    'sha512sum': 's', 'decryptAES': 's s', 'osBase': 's', 'osDir': 's',
    'osClean': 's', 'osExt': 's', 'osIsAbs': 's', 'typeIsLike': 's a',
    'mustRegexMatch': 'r s', 'mustRegexFind': 'r s',
    'mustRegexFindAll': 'r s i', 'mustRegexReplaceAll': 'r s s',
    'mustRegexReplaceAllLiteral': 'r s s', 'mustRegexSplit': 'r s i',
    'mustToPrettyJson': 'a', 'mustToRawJson': 'a', 'date_in_zone': 'd t s',
    'date_modify': 's t', 'mustDateModify': 's t', 'must_date_modify': 's t',
    'htmlDateInZone': 't s', 'buildCustomCert': 's s', 'values': 'm1',
    'keys': 'm1', 'call': 'a a*',
}
# What these give has no order in Go: of one member at most it has.
ONE_MEMBER = '(dict "key" "x")'
# A pipe must not bring them their last argument: a count that is huge, or a
# date that is none, which stands for the time of day.
NOT_PIPED = ['until', 'untilStep', 'seq', 'round', 'date', 'htmlDate',
             'dateInZone', 'htmlDateInZone', 'date_in_zone', 'repeat', 'indent',
             'nindent', 'wrap', 'wrapWith', 'chunk', 'mustChunk', 'values',
             'keys']
WORDS = ['a', 'b', 'key', 'x y', 'Hello World', '', '1', '-3', '2.50', 'true',
         'ünï 日本', 'a,b,c', 'http://u:p@h:1/p?q#f', '1.2.3', 'foo_bar-Baz',
         'line1\nline2', '<a href="x">&\'', '%d %s', '/a/../b.c', '2024-02-29',
         '{"a":[1,null]}', 'YWJj', '0x10', '1h30m', 'string', '_0', '$1 ${x}',
         '\t tab ', 'long text that goes on and on and on', 'İıßẞǆǅ ﬃ', 'e\u0301',
         '\U0001F468\u200D\U0001F469 \U0001F600', '\u2028\u00a0\u3000x', '\x00\x7f',
         '9223372036854775808', '-9223372036854775808', '1e400', 'NaN', '-0',
         '0b11', '0o17', '1_000', '.5', '5.', '+1', 'Infinity', '2006-01-02',
         '-1.5h', '1y', 'UTC', 'America/New_York', 'v1.2', '1.2.3-rc.1+b.2',
         '>=1.2', 'http://[::1]:80/%41?a=b;c', 'a:b', '//x', '%zz', 'YQ==',
         '{"a":1e999}', '[1,2', '"\\ud800"', 'nUlL', '  lead', 'ALLCAPS',
         'camelCaseHTTPServer2x', 'a--b__c', '\r\n', '${1}', '$$', '\\d+']
# In a template only: Go's escapes of bytes that are no UTF-8.
ODD_LITERALS = ['"\\xff"', '"a\\xc3"', '"\\xe2\\x82"', '"\\u0000"', '"\\U0010ffff"',
                '"\\xf0\\x9f\\x98 x"', '`\\n`', '"\\a\\b\\f\\v"', '"\\377"']
# Literals that are no numbers, or just so.
ODD_NUMBERS = ['1_', '0x', '0x1p-2', '0x1p', '1e', '1e+', '0b12', '08', '09.5',
               '1.2.3', '1..2', '1a', "''", "'ab'", "'\\x41'", "'\\u00e9'",
               "'\\q'", "'\\''", '.', '..', '1.', '.5', '+5', '-+5', '--5', '1+2i',
               '-1i', '1e1000', '0x1.8p1', '0_1', '1__0', '-', '+', '0o8', '0B1',
               '0X_1', '9223372036854775808', '18446744073709551616', '1e-400',
               '0x8000000000000000', '-0x8000000000000000', "'日'", "'\\377'",
               '1e19', '0i', '1.5i', '1/2', '1.2i+3', '+1+2i', '00', '007.5']
NUMBERS = ['0', '1', '-7', '2.5', '1e3', '0x10', '"12"', '1_0', "'a'", '0.1',
           '9223372036854775807', '-9223372036854775808', '1e300', '-1e-300',
           '4294967296', '2147483648', '0x7fffffffffffffff', '1e18', '1e19',
           '0.1e1', '1i', '(1 | int64)', '(3 | float64)', '-0.0', '3.0',
           '"0x1f"', '"08"', '"1.9"', '""', 'true', '0b101', '0o17', '017']
# Values of the types that functions give, and their fields and methods.
TYPED = ['(toDate "2006-01-02" "2024-02-29")', '(semver "1.2.3-rc.1+b")',
         '(toDate "2006-01-02T15:04:05Z07:00" "2001-02-03T04:05:06+07:00")',
         '(semver "v2")', '(splitList "," "b,a,c")', '(split "." "x.y")',
         '(until 3)', '(urlParse "http://u:p@h:1/x?y#z")', '(len "abc")',
         '(regexFindAll "a." "banana" -1)', '(list 1 "a" nil 2.5)',
         '(dict "a" (dict "b" 1) "key" nil)', '(index (list (dict "a" 1)) 0)',
         '(chunk 2 (until 5))', '(1 | int64)', '(2.5 | float64)', '(atoi "7")',
         '(toDecimal "17")', '(add 1 2)', '(ceil 1.2)', '(mul 2 1.5)',
         '(fromJson `{"a":[1,{"b":null}],"n":2}`)', '(fromJson "null")',
         '(toDate "2006-01-02" "x").Month', '(rest (list 1))', '(list)',
         '(toDate "2006-01-02" "2024-02-29").Weekday', '(dict)', '(print nil)',
         '((toDate "2006" "2024").Sub (toDate "2006" "2023"))', '(b64dec "/w==")',
         '(semver "1.2.3").Major', '(index "abc" 1)', '(compact (list 1 "" "x"))',
         '(pluck "a" (dict "a" 1))', '(seq 3)', '(sortAlpha (list 3 "b" 1))',
         '(tuple (list 1) (dict "a" 1))', '(toStrings (list 1 "x"))', '(1i)',
         '(deepCopy (dict "a" (list 1)))', '(dig "a" "b" 7 (dict "a" (dict)))']
MEMBERS = ['.a', '.b', '.a.b', '.a.b.c', '.key', '.n', '._0', '.host', '.nope',
           '.Year', '.Month', '.Weekday', '.Unix', '.Format "2006 Jan"', '.Day',
           '.AddDate 0 1 -2', '.IsZero', '.UTC', '.Location', '.YearDay',
           '.String', '.Major', '.Minor', '.Patch', '.Prerelease', '.Metadata',
           '.Original', '.IncMajor', '.IncMinor', '.IncPatch', '.Hours',
           '.Seconds', '.Milliseconds', '.a 1', '.Year 1', '.Format',
           '.Format 1', '.Format nil', '.LessThan (semver "2.0.0")',
           '.Compare (semver "1.0.0")', '.Equal (semver "1.2.3")',
           '.Before (toDate "2006" "2024")', '.Month.String', '.Equal nil',
           '.Weekday.String', '.IncMajor.Major', '.major', '.wall', '.UTC.Year', '.Truncate 3600']
# What is put into or for a token of a template that was whole before.
FRAGMENTS = ['{{', '}}', '{{-', '-}}', '{{- ', ' -}}', '{{/*', '*/}}', '/*', '*/',
             '{{/* c */}}', '{{- /* c */ -}}', '{{ /* c */ }}', '{{/* c */ }}',
             '{{/*}}', '(', ')', '()', '|', '||', ',', ':=', '=', '==', ':', '.',
             '..', '$', '$x', '$.', '$x.', '$x.a', '.a.', '.1', '.a1', '.é', 'é',
             '"', '`', "'", '\\', '"\\q"', '"\\x4"', '"a\nb"', '"\\ud800"',
             'nil', 'true', 'nope', 'a.b', 'print.x', 'nil.x', 'true.x', '1.x',
             '"s".x', '(print 1).x', 'break', 'continue', 'end', 'else', 'if',
             'else if', 'else with .', 'else range .', 'range', 'with', 'define',
             'define "d"', 'template', 'template "one"', 'template one',
             'block', 'block "one"', 'block "one" .', '{{end}}', '{{else}}',
             '{{else if .}}', '{{else if .}}x{{else}}y{{end}}', '{{if .}}',
             '{{range .}}', '{{with .}}', '{{break}}', '{{continue}}', '{{}}',
             '{{ }}', '{{-}}', '{{--}}', '{{- }}', '{{ -}}', '{{-3}}', '{{- 3}}',
             '{{3-}}', '{{3 -}}', '{{- -3 -}}', '{{define "d"}}x{{end}}',
             '{{define "d"}}', '{{define `d`}}{{end}}', '{{define d}}',
             '{{define "d" .}}{{end}}', '{{block "d" .}}b{{end}}',
             '{{block "d"}}{{end}}', '{{template "d"}}', '{{template `d` .}}',
             '{{template "d" . 1}}', '{{template}}', '{{$x}}', '{{$}}', '{{.}}',
             '{{$x := 1}}', '{{$x = 1}}', '{{$x, $y := 1}}', '{{$ := 1}}',
             '{{range $i, $v, $w := .}}', '{{range $i := .}}{{$i}}{{end}}',
             '{{range $i, $v = .}}', '{{if $x := .}}{{$x}}{{end}}', '{{break 1}}',
             '{{if $x = 1}}{{end}}', '{{with $x, $y := .}}', '{{else 1}}',
             '{{end 1}}', '{{end }}', '{{nil}}', '{{nil | print}}', '{{1 | 2}}',
             '{{print | 2}}', '{{.a | .b}}', '{{(print)}}', '{{()}}', '{{(1) 2}}',
             '{{print (1) 2}}', '{{(1 | print) 2}}', '{{print(1)}}', '{{1 2}}',
             '{{"a" "b"}}', '{{.a "b"}}', '{{$.a 1}}', '{{.a.b 1}}', '{{print,}}',
             '{{print 1,2}}', '{{"a"|print}}', '{{"a""b"}}', '{{`a`"b"}}',
             '{{print"a"}}', '{{print.}}', '{{print .}}', '{{.a.}}', '{{..}}',
             '{{.a..b}}', '{{. .}}', '{{.-1}}', '{{1-1}}', '{{@}}', '{{#}}',
             '{{%}}', '{{!}}', '{{&}}', '{{;}}', '{{?}}', '{{\u00a0}}', '{{\x00}}',
             '{{\u2028}}', '{{/}}', '{{[}}', '{{{}}}', '}', '{', '\x00', '\u00a0',
             '\n', '\r\n', '\t', ' ', '']
KEYS = ['a', 'b', 'c', 'key', 'name', 'list', 'n']
REGEXPS = ['a+', '[a-z]+', '(o)(.)', '^$', '\\w+', 'x*', '(', '[^a]', '\\d',
           '(?i)H', '.', '\\bl', '(?P<x>l+)']
VERBS = ['%v', '%d', '%s', ' ', '%5.2f', '%q', '%x', '%T', 'x', '%%', '%-6v|',
         '%t', '%+d', '%03d', '%#v', '%[2]v', '%[1]d', '%[3]s', '%[x]d', '%*d',
         '%-*d|', '%.*f', '%w', '%c', '%U', '%#U', '%b', '%o', '%#o', '%O', '%e',
         '%E', '%g', '%G', '%X', '% x', '%# x', '%#x', '%+q', '%#q', '%08.3f',
         '%.2s', '%-5d|', '%!', '%', '%z', '%+v', '%6.3v|', '%.3x', '%.q',
         '%10.4q|', '%.0f', '% d', '%+.2e', '%-010d|', '%1000000000d', '%é']
RANGES = ['3', '0', '-1', '(2 | int64)', '1.5', '"ab"', 'nil', 'true', '(len "ab")',
          '(semver "1.2.3").Minor', "'\\x02'", '(toDate "2006" "2024").Month',
          '(dict "b" 1 "a" 2)', '(until 2)', '(split "." "a.b")', '.', '$',
          '(semver "1.2.3")', '(2 | float64)', '(list nil 1)', '(index "\\x02" 0)']
LAYOUTS = ['2006-01-02', '15:04:05', 'Jan _2 2006', 'Mon 02 MST', 'x']


class Generator:
    def __init__(self, seed, sprig):
        self.rng = random.Random(seed)
        # How a member of the data is reached from anywhere.
        self.root = '$.'
        # How many templates get a mistake made in them.
        self.mistaken = .12
        self.functions = dict(FUNCTIONS)
        if sprig:
            self.functions.update(SPRIG)
        self.names = sorted(self.functions)
        self.variables = []
        self.in_range = 0
        # Of a tame template most operands have the type that is wanted, so
        # that it runs to its end.
        self.is_tame = False

    def value(self, depth=0):
        r = self.rng
        kind = r.randrange(9 if depth < 3 else 6)
        if kind == 0:
            return r.choice([0, 1, -1, 3, 42, 1000000, 123456789012, 2**53 + 1,
                             2**63, -2**63, 2**64, 2**31])
        if kind == 1:
            return r.choice([0.5, 1.5, -2.25, 1e21, 1e-7, 3.0, 100.125, 1e300,
                             -0.0, 5e-324, 0.1, 1e20, 123456.5, 1e6, 2.5e-5])
        if kind in (2, 3):
            return r.choice(WORDS)
        if kind == 4:
            return r.choice([True, False])
        if kind == 5:
            return None
        if kind == 6:
            return [self.value(depth + 1) for _ in range(r.randrange(4))]
        return {k: self.value(depth + 1)
                for k in r.sample(KEYS, r.randrange(1, 5))}

    def data(self):
        return {k: self.value() for k in KEYS}

    def literal(self, kind):
        r = self.rng
        if kind in 'svf':
            text = r.choice(WORDS)
            if kind == 'f':
                text = ''.join(r.choice(VERBS)
                               for _ in range(r.randrange(1, 4)))
            if kind == 'v':
                text = r.choice(['1.2.3', 'v1', '^1.2', '>=1.0 <2', 'x',
                                 '1.2.3-a.1', '~1', '*'])
            if kind == 's' and r.random() < 0.06:
                return r.choice(ODD_LITERALS)
            if '`' not in text and r.random() < 0.2:
                return '`%s`' % text
            return json.dumps(text, ensure_ascii=r.random() < 0.5)
        if kind == 'r':
            return '`%s`' % r.choice(REGEXPS)
        if kind == 'd':
            return json.dumps(r.choice(LAYOUTS))
        if kind == 'i' and r.random() < .1:
            return r.choice(['9223372036854775807', '-9223372036854775808',
                             '1e3', '2.0', "'a'", '0x10'])
        if kind in 'iI':
            return str(r.choice([0, 1, 2, 3, 5, 10, -1, -4]))
        if kind == 'n':
            if not self.is_tame and r.random() < .03:
                return r.choice(ODD_NUMBERS)
            return r.choice(NUMBERS)
        if kind == 'b':
            return r.choice(['true', 'false'])
        if kind == 'l':
            return '(list %s)' % ' '.join(
                self.literal(r.choice('sinb')) for _ in range(r.randrange(4)))
        if kind == 'm':
            return '(dict %s)' % ' '.join(
                '"%s" %s' % (r.choice(KEYS), self.literal(r.choice('sinb')))
                for _ in range(r.randrange(3)))
        if kind == 't':
            return '(toDate "2006-01-02" "%s")' % r.choice(
                ['2024-02-29', '1999-12-31'])
        return self.literal(r.choice('sinbl' if 'list' in self.functions
                                     else 'sinb'))

    def field(self):
        r = self.rng
        path = ''.join('.' + r.choice(KEYS) for _ in range(
            1 if self.is_tame else r.choice((1, 1, 1, 2, 3))))
        if self.is_tame:
            return self.root[:-1] + path
        if self.variables and r.random() < 0.4:
            name = r.choice(self.variables)
            return name if r.random() < 0.6 else name + path
        if self.root != '$.' and r.random() < .7:
            path = self.root[1:-1] + path
        return ('$' if r.random() < 0.3 else '') + path

    def typed(self):
        r = self.rng
        value = r.choice(TYPED)
        while r.random() < .5:
            value += r.choice(MEMBERS)
            if ' ' in value.rsplit('.', 1)[-1] or r.random() < .3:
                value = '(%s)' % value
        return value if value.startswith('(') and value.endswith(')') and (
            value.count('(') == 1) else '(%s)' % value

    def operand(self, kind, depth):
        r = self.rng
        if kind == '1':
            return ONE_MEMBER
        if kind in 'It':
            return self.literal(kind)
        if 'list' in self.functions and kind in 'aln' and r.random() < .06:
            return self.typed()
        if self.is_tame and r.random() < .95:
            return self.tame_operand(kind, depth)
        x = r.random()
        if x < 0.04:
            return 'nil'
        if x < 0.08:
            return '.'
        if x < 0.45 and kind not in 'fdt':
            return self.field()
        if x < 0.65 and depth > 0 and kind not in 'rfdt':
            return '(%s)' % self.pipeline(depth - 1)
        if x < 0.70:
            kind = r.choice('sinba')
        if kind in 'lmt' and 'list' not in self.functions:
            return self.field()
        return self.literal(kind)

    def tame_operand(self, kind, depth):
        r = self.rng
        x = r.random()
        if kind in 'sf' and 'toString' in self.functions and x < .5:
            return '(%s | toString)' % (
                r.choice([self.root, self.root, '.']) + r.choice(KEYS)
                if x < .3 or depth < 1 else self.pipeline(depth - 1))
        if kind == 'l' and 'list' in self.functions and x < .4:
            return r.choice([
                '(list %s)' % ' '.join(self.operand('a', depth - 1)
                                       for _ in range(r.randrange(4))),
                '(splitList "," "b,a,c")', '(until 3)', '(list .a $.b | compact)',
                '(concat (list 1) (list $.n))', '(default (list) $.none)'])
        if kind == 'm' and 'list' in self.functions and x < .4:
            return r.choice([
                '(dict "a" %s "b" %s)' % (self.operand('a', depth - 1),
                                          self.operand('a', depth - 1)),
                '(dict "c" (dict "key" 1))', '(merge (dict) (dict "a" 1))',
                '(default (dict "x" "y") $.none)', '$'])
        if kind == 'a' and x < .6:
            if x < .25 and depth > 0:
                return '(%s)' % self.pipeline(depth - 1)
            if self.variables and x < .4:
                return r.choice(self.variables)
            return self.root + r.choice(KEYS)
        return self.literal(kind)

    def call(self, depth, piped=False):
        r = self.rng
        name = r.choice(self.names)
        args = []
        for p in self.functions[name].split():
            for _ in range(r.randrange(3) if p.endswith('*') else 1):
                args.append(self.operand(p[-1] if p == 'm1' else p[0], depth))
        if piped and args:
            args.pop()
        if r.random() < 0.02:
            args.append('1')
        return ' '.join([name] + args)

    def pipeline(self, depth):
        r = self.rng
        first = self.call(depth) if r.random() < 0.7 else self.operand('a', depth)
        parts = [first]
        while r.random() < 0.25:
            call = self.call(depth, True)
            if call.split()[0] not in NOT_PIPED:
                parts.append(call)
        return ' | '.join(parts)

    def block(self, depth):
        return ''.join(self.statement(depth) for _ in range(self.rng.randrange(1, 4)))

    def scoped(self, depth, names):
        kept = len(self.variables)
        self.variables += names
        text = self.block(depth)
        del self.variables[kept:]
        return text

    # A body that sees no variables.
    def scoped_alone(self, depth):
        kept, self.variables = self.variables, []
        text = self.block(depth)
        self.variables = kept
        return text

    def open(self):
        return self.rng.choice(['{{ '] * 6 + ['{{- ', '{{'])

    def close(self):
        return self.rng.choice([' }}'] * 6 + [' -}}', '}}'])

    def action(self, text):
        return self.open() + text + self.close()

    def statement(self, depth):
        r = self.rng
        x = r.random()
        if depth <= 0 or x < 0.45:
            return self.action(self.pipeline(min(depth, 2) if depth > 0 else 1))
        if x < 0.55:
            return r.choice([' text ', '\n', 'a\n  b', '', '{{/* c */}}',
                             '{{- /* c\n */ -}} ', ' {{- /**/}}', '}}', '{ {',
                             '<no value>', '\r\n'])
        if x < 0.63:
            name = '$' + r.choice('vwxyz')
            op = ':=' if name not in self.variables or r.random() < .5 else '='
            spaces = r.choice([('', ''), (' ', ' '), (' ', ' '), ('\n', ' ')])
            text = self.action(name + spaces[0] + op + spaces[1] +
                               self.pipeline(2))
            if op == ':=':
                self.variables.append(name)
            return text
        if x < 0.75:
            names = ['$p'] if r.random() < .1 else []
            text = self.action(''.join(['if ', *(n + ' := ' for n in names),
                                        self.pipeline(1)]))
            text += self.scoped(depth - 1, names)
            if r.random() < .3:
                text += self.action('else if ' + self.pipeline(1))
                text += self.scoped(depth - 1, [])
            if r.random() < .4:
                text += self.action('else') + self.scoped(depth - 1, [])
            return text + self.action('end')
        if x < 0.77:
            return (self.action('block "%s" %s' % (
                r.choice(['three', 'four', 'one']), self.operand('a', 1))) +
                self.scoped_alone(depth - 1) + self.action('end'))
        if x < 0.83:
            names = ['$q'] if r.random() < .3 else []
            head = ''.join(n + ' := ' for n in names)
            text = self.action('with ' + head + self.pipeline(1))
            text += self.scoped(depth - 1, names)
            if r.random() < .15:
                text += self.action('else with ' + self.pipeline(1))
                text += self.scoped(depth - 1, [])
            if r.random() < .3:
                text += self.action('else') + self.scoped(depth - 1, [])
            return text + self.action('end')
        if x < 0.95:
            names = r.choice([[], ['$e'], ['$i', '$e']])
            head = ', '.join(names) + ' := ' if names else ''
            # Not over any number: some are huge.
            text = self.action('range ' + head + (
                self.root + r.choice(KEYS)
                if r.random() < .7 or 'list' not in self.functions else
                self.tame_operand(r.choice('lm'), 1)))
            if r.random() < .1:
                text = self.action('range ' + head + r.choice(RANGES))
            elif r.random() < .1 and len(self.variables) > 1 and names:
                # Variables that are there already.
                names = []
                text = self.action('range %s = %s' % (
                    ', '.join(r.sample(self.variables, r.choice([1, 2]))),
                    self.root + r.choice(KEYS)))
            elif r.random() < .05 and 'list' in self.functions:
                # What is ranged over changes.
                text += self.action('$_ := set %s %s %s' % (
                    self.root + r.choice(KEYS), json.dumps(r.choice(KEYS)),
                    self.operand('a', 0)))
            self.in_range += 1
            body = self.scoped(depth - 1, names)
            if r.random() < .15:
                body += self.action('if ' + self.pipeline(0)) + self.action(
                    r.choice(['break', 'continue'])) + self.action('end')
            self.in_range -= 1
            text += body
            if r.random() < .3:
                text += self.action('else') + self.scoped(depth - 1, names)
            return text + self.action('end')
        if x < 0.98 or self.is_tame:
            return self.action('template "%s" %s' % (
                r.choice(['one', 'two', 'none', 'three']),
                self.operand('a', 1)))
        return self.action(r.choice(['break', 'end', 'else', 'nil', '$undefined',
                                     'continue', 'define "one"', '1 | print',
                                     'template "two"', 'block "one" .']))

    # A template that calls itself until its list is used up.
    def recursion(self):
        return ('{{define "rec"}}{{if .}}%s{{template "rec" (rest .)}}{{else}}%s'
                '{{end}}{{end}}{{template "rec" (list 1 "b" %s)}}' % (
                    self.block(0), self.block(0), self.operand('a', 0)))

    def with_mistakes(self, text):
        r = self.rng
        tokens = re.findall(TOKENS, text, re.S)
        for _ in range(r.choice([1, 1, 1, 2, 3])):
            if not tokens:
                break
            at = r.randrange(len(tokens))
            how = r.randrange(5)
            if how == 0:
                del tokens[at]
            elif how == 1:
                tokens.insert(at, r.choice(tokens))
            elif how == 2:
                other = r.randrange(len(tokens))
                tokens[at], tokens[other] = tokens[other], tokens[at]
            elif how == 3:
                tokens[at] = r.choice(FRAGMENTS + ODD_NUMBERS)
            else:
                tokens.insert(at, r.choice(FRAGMENTS + ODD_NUMBERS))
        text = ''.join(tokens)
        if r.random() < .1:
            text = text[:r.randrange(len(text) + 1)]
        return text

    def template(self):
        head = ''
        self.is_tame = self.rng.random() < .7
        for name in ('one', 'two'):
            if self.rng.random() < .3:
                self.variables = []
                head += '{{define "%s"}}%s{{end}}' % (name, self.block(1))
        self.variables = []
        text = head + self.block(3)
        if self.rng.random() < .03 and 'list' in self.functions:
            self.variables = []
            text += self.recursion()
        if self.rng.random() < self.mistaken:
            text = self.with_mistakes(text)
        return text

    # What both programs run.
    def record(self):
        record = {'t': self.template(), 'd': self.data(),
                  'm': self.rng.choice(['zero', 'zero', 'zero', 'default',
                                        'error'])}
        if self.rng.random() < .3:
            record['x'] = True
            record['d'] = with_small_integers(record['d'])
        return record


def with_small_integers(value):
    """Integers over which a template can range in no time."""
    if isinstance(value, dict):
        return {k: with_small_integers(v) for k, v in value.items()}
    if isinstance(value, list):
        return [with_small_integers(v) for v in value]
    if isinstance(value, int) and value > 1000:
        return value % 10
    return value
