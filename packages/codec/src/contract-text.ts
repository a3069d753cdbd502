/** The two schema languages of a topic's value. */
export type ContractFormat = 'avro' | 'protobuf'

/** A value schema as in its file: the text that is registered, and by which bytes are read and written. */
export type ContractText = { readonly text: string; readonly format: ContractFormat }
