{{ define "h" }}
{{ fail "stop here" }}{{ end }}