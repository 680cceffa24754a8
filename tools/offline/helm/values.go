// The values of the stand-in for `helm template`, apart because Helm's own rules for them are a matter of their own: files, --set, null, and the schema.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"

	"github.com/ghodss/yaml"
	"github.com/xeipuuv/gojsonschema"
)

type object = map[string]interface{}

func read(file string) object {
	text, err := os.ReadFile(file)
	stop(err)
	values := object{}
	if err := yaml.Unmarshal(text, &values); err != nil {
		stop(fmt.Errorf("%s: %v", file, err))
	}
	return values
}

func parseSet(set string) object {
	path, text, found := strings.Cut(set, "=")
	if !found {
		stop(fmt.Errorf("--set must be path.to.key=value, got %q", set))
	}
	var value interface{} = text
	if regexp.MustCompile(`^(true|false|null|0|[1-9][0-9]{0,17})$`).MatchString(text) {
		stop(yaml.Unmarshal([]byte(text), &value))
	}
	keys := strings.Split(path, ".")
	for at := len(keys) - 1; at >= 0; at-- {
		value = object{keys[at]: value}
	}
	return value.(object)
}

// merge lays `over` on `under`; null removes a key.
func merge(under, over object) object {
	for key, value := range over {
		inner, isObject := value.(object)
		outer, wasObject := under[key].(object)
		if value == nil {
			delete(under, key)
		} else if isObject && wasObject {
			under[key] = merge(outer, inner)
		} else {
			under[key] = value
		}
	}
	return under
}

func check(chart string, values object) {
	schema, err := os.ReadFile(filepath.Join(chart, "values.schema.json"))
	stop(err)
	result, err := gojsonschema.Validate(gojsonschema.NewBytesLoader(schema), gojsonschema.NewGoLoader(values))
	stop(err)
	lines := []string{}
	for _, each := range result.Errors() {
		lines = append(lines, "- "+each.String())
	}
	if sort.Strings(lines); len(lines) > 0 {
		stop(fmt.Errorf("values don't meet the specifications of the schema(s) in the following chart(s):\n%s:\n%s", filepath.Base(chart), strings.Join(lines, "\n")))
	}
}
