(memory (export "memory") 1)
(func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
(table $held 10 funcref)
(func (export "run") (param i32 i32) (result i32)

  (loop $again
    (br_if $again (i32.ne (table.grow $held (ref.null func) (i32.const 1000)) (i32.const -1))))
  (unreachable))
