;; The world `proc` of guest-sdk/wit around a core module, which exports `memory`, `realloc` and
;; `run`. `run` gets the address and the length of the inputs, and gives the address of a result.
(component
  (type $value' (variant (case "text" string) (case "data" (list u8)) (case "json" string)))
  (export $value "value" (type $value'))
  (type $field' (record (field "name" string) (field "value" $value)))
  (export $field "field" (type $field'))
  (type $kind' (enum "error" "source" "output" "memory"))
  (export $kind "failure-kind" (type $kind'))
  (type $failure' (record (field "kind" $kind) (field "message" string) (field "trace" string)))
  (export $failure "failure" (type $failure'))
  (core module $module
{{ module }}
  )
  (core instance $instance (instantiate $module))
  (func $run (param "inputs" (list $field)) (result (result (list $field) (error $failure)))
    (canon lift
      (core func $instance "run")
      (memory (core memory $instance "memory"))
      (realloc (core func $instance "realloc"))))
  (export "run" (func $run)))
