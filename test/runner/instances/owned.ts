import { answerForChildren } from './owners.ts'

/** Run by Vitest in each worker before its test file: what the file starts is found again when the worker was killed. */
answerForChildren()
