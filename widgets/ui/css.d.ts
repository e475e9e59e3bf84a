// A style sheet arrives in the bundle as minified text; a table as it is.
declare module "*.css" {
  const text: string;
  export default text;
}
declare module "*.csv" {
  const text: string;
  export default text;
}
