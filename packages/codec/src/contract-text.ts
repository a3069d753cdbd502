/** The two languages in which a topic's value schema may be written. */
export type ContractFormat = 'avro' | 'protobuf'

/** A value schema as its file has it: what is registered, and what bytes are read and written by. */
export type ContractText = { readonly text: string; readonly format: ContractFormat }
