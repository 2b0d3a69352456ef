(component
  (import "host:everything/shell" (instance (export "run" (func (param "command" string))))))
