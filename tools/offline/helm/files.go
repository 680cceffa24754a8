// Files of the chart that are no templates, as Helm hands them to templates.
package main

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/ghodss/yaml"
)

type files struct {
	chart string
	found []string
}

func (f files) Get(name string) string {
	text, err := os.ReadFile(filepath.Join(f.chart, name))
	if err != nil {
		return "" // as Helm
	}
	return string(text)
}

func (f files) Glob(pattern string) files {
	found, err := filepath.Glob(filepath.Join(f.chart, pattern))
	stop(err)
	return files{f.chart, found}
}

// AsConfig is the data of a ConfigMap: each file by its name.
func (f files) AsConfig() string {
	data := map[string]string{}
	for _, path := range f.found {
		text, err := os.ReadFile(path)
		stop(err)
		data[filepath.Base(path)] = string(text)
	}
	text, err := yaml.Marshal(data)
	stop(err)
	return strings.TrimSuffix(string(text), "\n")
}
