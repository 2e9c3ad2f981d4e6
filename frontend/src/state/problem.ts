export { asProblem, type Problem } from "../api/problem";
