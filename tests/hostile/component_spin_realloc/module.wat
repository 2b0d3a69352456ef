(memory (export "memory") 1)
(func (export "realloc") (param i32 i32 i32 i32) (result i32)
  (loop $again (br $again)) (i32.const 0))
(func (export "run") (param i32 i32) (result i32) (i32.const 0))
