/** Names the folder in which a run of `npm test` wants its figures; without it a suite only shows them. */
export const reportFolderVariable = 'TEN_SEAMS_REPORT_FOLDER'
