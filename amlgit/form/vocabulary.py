"""What stays when an experiment is anonymised: Studio's own words, and those of the languages that scripts are written in.

An allow-list: whatever is not here is taken for somebody's own. Parameter names, port names and values are those of the built-in modules.
"""


def _set(text: str) -> frozenset[str]:
    return frozenset(name for line in text.splitlines() for name in line.split("|") if name)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


PARAMETERS = _set(
    """
Accept any server certificate (insecure)|Access Token|Account Key|Account Name|Account SAS URI|Account key|Account name|Action|
Add indicator columns|Additional prior pseudo examples|Allow Inconsistent Schema|Allow to use in RRS|Allow unknown categorical levels|
Allow unknown levels in categorical features|Allow unknown values for categorical features|Allow unknown values in categorical features|
Allow writer success with sporadic failures, note warnings in log file|Alpha|Alpha parameter|Append score columns to output|
Assign Label Mode|Assign label mode|Assume equal variances|Authentication type|Average final hypothesis|Azure Account Key|
Azure Account Name|Azure Container Name|Azure Cosmos DB Key|Azure DocumentDB Server|Azure Storage Key|Azure Table Destination Columns|
Azure Table Origin Columns|Azure Table Row Key|Azure Table Write Mode|Azure User Account Name|Azure account key|Azure account name|
Azure blob storage write mode|Azure container name|Azure storage account name|Azure storage key|Azure table destination columns|
Azure table origin columns|Azure table row key|Azure table write mode|Backward|Bagging fraction|Bin width|Binning mode|Blob File format|
Blob URI|Blob file format|Blob format|Blob name|Build dictionary of ngrams|Build dictionary of ngrams prior to LDA|
CSV or TSV has Header Row|CSV or TSV has header row|Categorical|Categorical columns to convert|Category|
Check for Append or Uncheck for Result Only|Check for append or uncheck for result only|Class labels column|Cleaning mode|Cluster URI|
Collection ID|Cols with all missing values|Column|Column Set|Column delimiter|Column delimiter format|Column set|Columns to be cleaned|
Columns to bin|Columns to transform|Comma separated list of columns to be saved|Comma separated list of datatable columns|
Comma-separated case-sensitive names of join key columns for L|Comma-separated case-sensitive names of join key columns for R|
Comma-separated list of bin edges|Compression file format|Constant value for lower threshold|Constant value for upper threshold|
Constant value of lower threshold|Constant value of upper threshold|Container name|Count columns|Count table type|Counting type|
Create trainer mode|Culture-language column|Custom Missing Value|Custom Value|Custom missing value|Custom regular expression|
Custom replacement string|Custom value|Data|Data Feed Password|Data Source URL|Data Table Name|Data Type|Data content type|Data format|
Data source|Data source URL|Data table name|Data type|DataFormat|Database ID|Database Name|Database Query|Database Server Name|
Database name|Database query|Database server name|Dataset file format|Dataset to Unpack|Date and time Format|DateTime format|Decay factor|
Decrease learning rate|Decrease learning rate as iterations progress|Default container name|Default level name|Default storage account key|
Default storage account name|Denominator degrees of freedom|Depth of CM sketch table|Depth of the tree|Detect out-of-vocabulary rows|
Detect sentences|Discrete columns|Distribution|DocumentDB Key|Enable input feature mean normalization|Encoding Format|Encoding format|
Endpoint URL|Estimated number of documents|Excel data format|Excel sheet or embedded table name|Expand verb contractions|Feature fraction|
Feature normalizer|Feature scoring method|Fields|File format|File format for SAS file|File format for blob file|File has Header Row|
File has header row|Filter kind|Filter type|Final hypothesis is averaged|First edge position|Forward|Fraction of cold items|
Fraction of cold users|Fraction of ignored items|Fraction of ignored users|Fraction of rows in the first output dataset|
Fraction of test user ratings for training|Fraction of training-only users|Garbage bin threshold|Generate missing value indicator column|
HCatalog Server Uri|HCatalog server URI|HDFS Server Uri|HDFS server URI|Hadoop User Account Name|Hadoop User Account Password|
Hadoop User Password|Hadoop user account name|Hadoop user account password|Has header|HasHeader|Hash bits|Hashing bitsize|
Hidden layer specification|Hidden layer specification1|High cutoff|Hive Database Query|Hive database query|Hive table name|Hypothesis type|
Ignore back off column|Include an extra column containing labels|Include an extra column containing raw scores|Include bias|
Include intercept term|Indicator|Initial learning rate|Initial value of iteration count|
Initial value of iteration used in learning rate update schedule|Initialization|Initialization for sweep|Iterations|
Join key columns for dataset1|Join key columns for dataset2|Join type|K-Skip size|Keep right key columns in joined table|
Key column selection filter expression|L1 Regularization weight|L1 regularization weight|L2 Regularizaton weight|
L2 regularization term weight|L2 regularization weight|Label column|Label column index or name|Label column index or namecolumn|Lambda|
Lambda Theta|Lambda Theta Prime|Lambda W|Language|Laplacian noise scale|Last edge position|Learning rate|Lemmatization|Length|Level|
List of columns|List of proportions separated by comma|Location|Location Of Output Data|Location of output data|Low cutoff|Lower bound|
Lower boundary|Lower substitute value|Lower threshold|Mark begin-of-sentence|Match case|Maximum depth of the decision DAGs|
Maximum depth of the decision trees|Maximum height|Maximum missing value ratio|Maximum n-gram document ratio|Maximum number of iterations|
Maximum number of leaves per tree|Maximum number of ngrams in dictionary|Maximum number of runs on random grid|
Maximum number of runs on random sweep|Maximum size of ngram dictionary|Maximum width|Maximum width of the decision DAGs|
Maximum word length|Mean|Memory Size|Memory size for L-BFGS|
Memory size for L-BFGS the lower the value the faster and less accurate the training|Method|Metric|Metric for measuring clustering result|
Metric for measuring performance|Metric for measuring performance for classification|Metric for measuring performance for regression|
Minimum height|Minimum missing value ratio|Minimum n-gram document absolute frequency|
Minimum number of items that the query user and the related user must have rated in common|Minimum number of neighbors|
Minimum number of non-zero elements|Minimum number of samples per leaf node|Minimum number of training instances required to form a leaf|
Minimum number of users that the query item and the related item must have been rated by in common|Minimum width|Minimum word length|
Module type|N-Grams size|N-grams|N-grams size|Name of the input VW file|Name of the output inverted hash (--invert_hash) file|
Name of the output readable model (--readable_model) file|Name or numerical index of the label column|Negative binomial distribution method|
New Column Name|New Value|New column names|New number of levels|New value|Normalize|Normalize backslashes to slashes|
Normalize case to lowercase|Normalize dense dataset to zero mean|Normalize features|Normalize n-gram feature vectors|Normalize the features|
Null hypothesized μ|Null hypothesized μ1|Number of Centroids|Number of Iterations|Number of Iterations for PCA Prediction|Number of Leaves|
Number of Trees|Number of bins|Number of bits to use for feature hashing|Number of centroids|Number of classes|
Number of components to use in PCA|Number of decision DAGs|Number of decision trees|Number of degrees of freedom|Number of desired features|
Number of dimensions to reduce to|Number of epochs over which algorithm iterates through examples|Number of feature extractors|
Number of hash bits|Number of hidden nodes|Number of hidden nodes1|Number of iterations|Number of learning iterations|
Number of nearest neighbors|Number of optimization steps per decision DAG layer|Number of random splits per node|
Number of recommendation algorithm iterations|Number of rows to select|Number of rows written per SQL Azure operation|Number of samples|
Number of success|Number of topics to model|Number of training batches|Number of training epochs|Number of training iterations|
Number of traits|Number of trees constructed|Number of trials|Numerator degrees of freedom|Operate on feature columns only|
Optimization Tolerance|Optimization tolerance|Order|Output features include|Output mode|Oversampling parameter for randomized PCA|
Overwrite categorical columns|Overwrite flag|Partition Key|Partition key|Partition or sample mode|Password|
Path to blob beginning with container|Path to container or directory or blob|Path to container, directory or blob|
Percentile number for lower threshold|Percentile number for upper threshold|Percentile number of lower threshold|
Percentile number of upper threshold|Perform a projection to the unit-ball|Pick complement of the selected fold|
Please Specify Authentication Type|Please Specify Data Content Type|Please Specify Data Destination|Please Specify Data Source|
Please Specify Table Authentication Type|Please specify authentication type|Please specify data destination|Please specify file type|
Please specify table authentication type|Population size|Power applied to the iteration during updates|Pre-trained classifier|
Probability of success|Project to the unit-sphere|Proportion list of customized folds separated by comma|Python Script|Python Version|
Python script|Quantile normalization|Quantile sample count|Quantiles to be estimated|R Script|R Version|R script|Random Seed|
Random number seed|Random number seed for sweep|Random seed|Random seed for Recommender|Random seed for random grid|
Random seed for sampling|Randomized Split|Randomized split|Range for L1 regularization weight|Range for L2 regularization term weight|
Range for L2 regularization weight|Range for Number of Centroids|Range for bagging fraction|Range for feature fraction|
Range for initial learning rate|Range for lambda|Range for learning rate|Range for maximum number of iterations|
Range for maximum number of leaves per tree|Range for memory size for L-BFGS the lower the value the faster and less accurate the training|
Range for minimum number of training instances required to form a leaf|Range for number of PCA components|
Range for number of decision trees|Range for number of epochs over which algorithm iterates through examples|Range for number of iterations|
Range for number of learning iterations|Range for optimization tolerance|Range for split fraction|
Range for the maximum depth of the decision trees|Range for the minimum number of samples per leaf node|
Range for the number of random splits per node|Range for the oversampling parameter used in randomized PCA|
Range for total number of trees constructed|Rate of sampling|Recommended item selection|Recommender prediction kind|Regular expression|
Regularization weight|Related item selection|Related user selection|Relational expression|Remove URLs|Remove adjectives|
Remove by part of speech|Remove by part-of-speech|Remove duplicate characters|Remove email addresses|Remove nouns|Remove numbers|
Remove occasionally produced cold items|Remove special characters|Remove stop words|Remove verbs|Replace|Replacement columns|
Replacement value|Required quantile values|Resampling method|Result mode|Retain first duplicate row|Rho parameter|Ripple|
Rows count for TopN|Rows count for TopN via SAS|Rows to scan for Property names|Rows to scan for Property names via SAS|
Rows to scan for property names|Rows to scan for property names via SAS|SAS URI|SAS URI for blob|SMOTE percentage|
SQL Azure Number Of Rows To Write|SQL Query|SQL Query Script|SQL Query parameters|SQL query|SQL query parameters|Scale|Scale factor|
Scan the entire collection for inferring dataset schema|Scorer R script|Select Columns|Select columns|Select columns to count|
Selected columns|Server User Account Name|Server User Account Password|Server user account name|Server user account password|
Set of thresholds|Shape|Should input instances be normalized|Show all options|Shuffle examples|Sigmoid sharpness|Size of the batch|
Solution method|Source URL|Specify data type|Specify how many folds do you want to split evenly into|
Specify number of folds to split evenly into|Specify parameter sweeping mode|Specify the partitioner method|
Specify which fold to be sampled from|Split fraction|Split tokens on special characters|Splitting mode|Standard deviation|
Storage account name|Storage key|Stratification key column|Stratification key column for customized fold assignment|
Stratification key column for sampling|Stratified split|Stratified split for customized fold assignment|Stratified split for sampling|
Substitute value for peaks|Substitute value for subpeaks|Table Account Key|Table Account Name|Table SAS URI|Table URI|Table account key|
Table account name|Table name|Tag columns as categorical|Target column|Target column(s)|Target columns|Text column|Text column to clean|
The bits of hash function|The initial learning weights diameter|The learning rate|The momentum|The seed of hash function|
The type of normalizer|The value lambda|Threshold|TimeSpan Format|
Tolerance parameter for optimization convergence the lower the value the slower and more accurate the fitting|
Total number of trees constructed|Trainer R script|Training mode|Transformation method|Treat Errors as Warnings|Trigonometric Function|
Trust Server Certificate|Type|Type of filter|URI|URI file has Header Row|URI file has header row|URL|Upper bound|
Upper bound on number of languages to detect|Upper boundary|Upper substitute value|Upper threshold|Use 0 for constant columns when checked|
Use cached results|Use filter-based feature selection|Use lemmatization|Use replacement in the partitioning|User name|Username|VW arguments|
Value Column|Vocabulary mode|Weighting function|Width of CM sketch table|Window|Window Size|Write SAS header row|Write blob header row|
epsilon|nu|passes|psEpsilon|psnu|\N{GREEK SMALL LETTER ALPHA}|
"""
)
"""Names of parameters of the built-in modules, as graphs and as pages have them."""

PORTS = _set(
    """
Best Trained model|Binning transformation|Cleaned dataset|Cleaning transformation|Columns selection transformation|Combined dataset|
Count metadata|Count table|Counted data set|Counting transform|CustomResources|Dataset|Dataset to score|Dataset with desired columns|
Dataset1|Dataset2|Dracula count metadata|Dracula count table|Entities|Evaluation results|Evaluation results by fold|Feature importance|
Feature topic matrix|Features|Filter|Filtered dataset|Fisher linear discriminant analysis transformation|
Input data containing time stamps and values|Input vocabulary|Item features|LDA transformation|Left dataset|Merged counting transform|
Metric|Modified transform|New counting transform|P|PCA Transformation|Previous counting transform|Python Device|Quantized dataset|R Device|
Reject H0|Result Dataset|Result vocabulary|Results dataset|Results dataset1|Results dataset2|Right dataset|Samples|Scored dataset|
Scored dataset to compare|Scored results|Script Bundle|Stop words|Story|Supplemented dataset|Sweep results|Table|Table1|Table2|Table3|
Test data|Test dataset|Time series annotated with anomaly scores|Trained Matchbox recommender|Trained Model|Trained best model|
Trained model|Training dataset|Training dataset of item features|Training dataset of user features|
Training dataset of user-item-rating triples|Transform function|Transformation|Transformation function|Transformed dataset|
Transformed features|Untrained binary classification model|Untrained model|User features|Validation dataset|dataset|oDataset|
"""
)
"""Names of ports of the built-in modules."""

VALUES = _set(
    """
ARFF|AUC|Account|Accuracy|Add Columns|Add Rows|All|AllColumns|Anaconda 2.0/Python 2.7.7|Anaconda 4.0/Python 2.7.11|Anaconda 4.0/Python 3.5|
Any|Append|Apply Filter|Apply Math Operation|Apply SQL Transformation|Apply Transformation|Assign Data to Clusters|Assign to Folds|
Australia East|Average Log Loss|Azure|AzureBlobEndpoint|AzureBlobStorage|AzureTable|Bagging Resampling|Basic|Bayesian Linear Regression|
Binary Weight|Binning normalizer|Bool|Boolean|Boosted Decision Tree Regression|Brazil South|Build Counting Transform|Byte|CRAN R 3.1.0|CSV|
Canada Central|Canceled|Cancelled|Categorical|Central India|Char|Chi Squared|ChiSquared|Clean Missing Data|ClearFeatures|ClearLabels|
ClearScores|ClearWeights|Clip Values|ClipPeaks|ClipPeaksAndSubPeaks|ClipSubPeaks|Coefficient of Determination|Coefficient of determination|
Column contains language|ColumnIndexes|ColumnNames|ColumnPicker|ColumnTypes|Comma|Comparison|Complex128|Complex64|
Compute Elementary Statistics|Compute Linear Correlation|Constant|Convert to ARFF|Convert to CSV|Convert to Dataset|
Convert to Indicator Values|Convert to SVMLight|Convert to TSV|Cos|Cosine|Count Based|Create|Create R Model|Creating|Credential|
Cross-Validate Model|Custom|Custom definition script|Custom substitution value|DataGateway|DataTableDotNet|Dataset|Date-time|DateTime|
Decision Forest Regression|Default|Deleting|DelimitedText|Detect Languages|Dictionary|Do not normalize|DocumentDB|DotNet|Double|Duration|
Dutch|East US 2|Edit Metadata|English|Enter Data Manually|Entire grid|Enumerated|Error|Euclidean|Evaluate Model|
Evaluate Probability Function|Evaluate Recommender|Evenly|Excel|ExcelWorkbook|Execute Python Script|Execute R Script|Export Count Table|
Export Data|Extract Key Phrases from Text|Extract N-Gram Features from Text|F-score|FALSE|FIR Filter|Failed|False|
Fast Forest Quantile Regression|Feature|Feature Hashing|Features|File|Fill missing values|Filter Based Feature Selection|Finished|
Fisher Linear Discriminant Analysis|Fisher Score|Float|Folder|French|Full Outer Join|Fully-connected case|GB18030|Gaussian normalizer|
GenericBinary|GenericCSV|GenericCSVNoHeader|GenericFolder|GenericHtml|GenericTSV|GenericTSVNoHeader|German|Germany Central|GlobalParameter|
Graph|Graph Weight|Group Categorical Values|Group Data into Bins|Guid|Gzip|HDFS|Head|HiveQuery|HiveTable|Http|IClusterDotNet|IDF Weight|
IFilterDotNet|IIR Filter|ILearnerDotNet|IRecommenderDotNet|ITransformDotNet|Ignore label column|Import Count Table|Import Data|
Import Images|InDraft|Inline|Inner Join|Inplace|Input|Insert|InsertOrMerge|InsertOrReplace|Int|Int16|Int32|Int64|Int8|Integer|Italian|
Japan East|Join Data|K-Means Clustering|K-Means++|K-Means++ Fast|Kendall Correlation|Korea Central|Label|Labels|Latent Dirichlet Allocation|
Left Outer Join|Left Semi-Join|Linear Regression|Literal|Load Trained Model|LogNormal|Logistic|Mean|Mean Absolute Error|Mean absolute error|
Median|Median Filter|Merge|Merge Count Transform|Microsoft R Open 3.2.2|Microsoft R Open 3.5.1|
Microsoft.MachineLearning.Common.Contracts.Package.ParameterRuleFloat, Microsoft.MachineLearning.Common|
Microsoft.MachineLearning.Common.Contracts.Package.ParameterRuleFloat, Microsoft.MachineLearning.Common.Contracts|
Microsoft.MachineLearning.Common.Contracts.Package.ParameterRuleFormat, Microsoft.MachineLearning.Common.Contracts|
Microsoft.MachineLearning.Common.Contracts.Package.ParameterRuleInt, Microsoft.MachineLearning.Common|
Microsoft.MachineLearning.Common.Contracts.Package.ParameterRuleInt, Microsoft.MachineLearning.Common.Contracts|
Microsoft.MachineLearning/webServices|Min-Max normalizer|MinMax|Missing|Mode|Modify Count Table Parameters|Module|Moving Average Filter|
Multiclass Decision Forest|Multiclass Decision Jungle|Multiclass Logistic Regression|Multiclass Neural Network|Mutual Information|
Named Entity Recognition|Neural Network Regression|NonCategorical|None|Normalize Data|NotStarted|Number|Numeric|OData|Object|
One-Class Support Vector Machine|One-vs-All Multiclass|Online Gradient Descent|Operations|Ordinal Regression|Ordinary Least Squares|Output|
Overwrite|Overwrite from closest to center|PCA-Based Anomaly Detection|Parameter|ParameterRange|Partition and Sample|Partition evenly|
Partition with customized proportions|Pearson Correlation|PearsonCorrelation|Percentile|Permutation Feature Importance|Pick Fold|
PlaceHolder|PlainText|Poisson Regression|PowerQuery|Precision|Preprocess Text|Pretrained Cascade Image Classification|
Principal Component Analysis|Propagate|Provisioning|PublicOrSAS|Python|Queued|R|RData|Random|Random grid|Random sweep|ReadOnly|Recall|
Recommender Split|Regular Expression|Relative Absolute Error|Relative Expression|Relative Squared Error|Relative absolute error|
Relative squared error|Remove|Remove Duplicate Rows|Remove entire column|Remove entire row|Replace|Replace Discrete Values|
Replace using MICE|Replace using Probabilistic PCA|Replace with mean|Replace with median|Replace with mode|ReplaceValues|
Replicate Resampling|Resource|ResultOnly|Root Mean Squared Error|Root of mean squared error|Rounding|Running|SAS|SMOTE|SVMLight|Sampling|
SasEndpoint|ScanAll|Score|Score Matchbox Recommender|Score Model|Score Vowpal Wabbit Version 7-10 Model|
Score Vowpal Wabbit Version 7-4 Model|Score Vowpal Wabbit Version 8 Model|Script|Select Columns Transform|Select Columns in Dataset|
Semicolon|SetMissingValues|Sheet|Sin|SingleParameter|South Central US|Southeast Asia|Spanish|Spearman Correlation|Special|Split Data|
Split Rows|SqlAzure|String|Succeeded|Summarize Data|SvmLight|Sweep Clustering|TF Weight|TF-IDF Weight|TRUE|TSV|Tab|Table|Tan|Tanh|
Task output was present in output cache|Test Hypothesis Using t-Test|Threshold|Threshold Filter|Time|Time Series Anomaly Detection|TimeSpan|
TopN|Train Anomaly Detection Model|Train Clustering Model|Train Log Loss|Train Matchbox Recommender|Train Model|
Train Vowpal Wabbit Version 7-10 Model|Train Vowpal Wabbit Version 7-4 Model|Train Vowpal Wabbit Version 8 Model|TrainedModel|Transform|
Trigonometric|True|Tune Model Hyperparameters|Two-Class Averaged Perceptron|Two-Class Bayes Point Machine|Two-Class Boosted Decision Tree|
Two-Class Decision Forest|Two-Class Decision Jungle|Two-Class Locally Deep Support Vector Machine|Two-Class Logistic Regression|
Two-Class Neural Network|Two-Class Support Vector Machine|UK South|Uint16|Uint32|Uint64|Uint8|Unchanged|Unknown|Unpack Zipped Datasets|
Update|Updating|Use label column|User-Defined Filter|VW|Weight|Weights|West Central US|West Europe|West US|Windows_1252|ZScore|Zip|
api/sharedaccess|big5|dataset|defaultSasName|false|gb2312|iLearnerDotNet|iso_2022_jp|iso_2022_kr|iso_8859_1|iso_8859_8|module|object|
runtimeinfo|schema|trained model|transform|true|us_ascii|user|utf_16|utf_32|utf_7|utf_8|visualization|x_cp20936|x_cp50227|x_mac_chinesesimp|
x_mac_korean|
"""
)
"""Values that Studio itself chose or offers to choose from: enumerations, kinds, states, regions, the built-in modules' names."""

CODE = _words(
    """
AttributeError BlobService BytesIO Categorical CountVectorizer Counter DataFrame Date DecisionTreeClassifier Exception FALSE False Filter
GradientBoostingClassifier GradientBoostingRegressor GridSearchCV IOError ISOdate ImportError Index IndexError Inf KFold KMeans KeyError
LabelEncoder Lasso LinearRegression LogisticRegression Map MinMaxScaler NA NA_character_ NA_integer_ NA_real_ NULL NaN None NotImplementedError
OSError OneHotEncoder OrderedDict PCA POSIXct POSIXlt Pipeline RCurl ROCR RandomForestClassifier RandomForestRegressor Reduce Ridge
RuntimeError SVC SVR Series StandardScaler StopIteration StratifiedKFold StringIO Sys TRUE TableService TfidfVectorizer Timedelta Timestamp
True TypeError ValueError __doc__ __file__ __init__ __main__ __name__ abs abspath accuracy_score aes agg aggregate all and anova any append
apply applymap arange argmax argmin args argsort argv arrange array as as_matrix asarray ascending ascii assert assign astype async at await
axis azure azureml azureml_main bar base64 basename bin binomial bool bool_ break by bytearray bytes cPickle call callable caret cases cat
cbind ceil ceiling character choice chr class clear clip close cls cluster coef coerce col collections colnames columns compile complete
complex concat concatenate confusion_matrix continue copy cor corr cos count cov createDataPartition cross_val_score cross_validation csv
cumprod cumsum cut data dataframe1 dataframe2 dataset date datetime decode decomposition def defaultdict del deque describe dict diff difftime
dim dir dirname divmod do dot double dplyr drop drop_duplicates dropna dtype dtypes dump dumps duplicated e1071 elif else empty encode endswith
ensemble enumerate environ environment errors eval except exec exists exit exp expanding extend f1_score facet_wrap factor family
feature_extraction figure fillna filter finally find findall finditer fit fit_predict fit_transform flatten float float32 float64 floor for
forecast format formula frame from frozenset full full_join function functools gather gaussian gbm gensim geom_bar geom_histogram geom_line
geom_point get getattr ggplot ggplot2 glm glmnet glob global gregexpr grepl group group_by groupby gsub gzip hasattr hash hashlib head header
help hex hist how hstack httr iat id if ifelse ignore iloc import in index inf info inner_join inplace insert install int int32 int64 integer
invisible io is isalpha isdigit isdir isfile isin isinstance isna isnull issubclass items iter iteritems iterrows itertools itertuples ix join
json jsonlite keras kwargs labs lambda lapply left_join left_on legend len length levels library lightgbm linear_model linspace list listdir lm
load loads loc locals log log10 log1p log2 logging logical lower lstrip lubridate makedirs maml map mapInputPort mapOutputPort mapply mask
match math matplotlib matrix max max_depth mean mean_squared_error median melt merge message metrics min mode model model_selection
multiprocessing mutate n_clusters n_components n_estimators n_jobs na na_position namedtuple names nan nchar ncol ndim new next nlevels nls
nltk nnet nonlocal normal not notna notnull now np nrow null numeric numpy nunique object object_ oct omit on ones open operator optim or ord
order os pROC packages pandas parse_dates partial pass paste paste0 path pd pi pickle pipeline pivot pivot_table plot plt plyr poisson pop pow
precision_score predict predict_proba preprocessing print property pyodbc pyplot quantile query raise randint random randomForest random_state
range rank ravel raw_input rbind rbinom re read read_csv read_excel read_json read_sql read_table readline readlines recall_score regexpr
regmatches remove rename rep repeat replace repr requests require requireNamespace resample reset_index reshape reshape2 residuals return rev
reverse reversed right_join right_on rm rnorm roc_auc_score rolling round row rownames rpart rstrip runif sample sapply savefig scale scatter
scipy score scores sd seaborn search seed select self sep seq seq_along seq_len set set_index setattr shape shift shuffle shutil sin size
sklearn slice sort sort_index sort_values sorted source split spread sprintf sqlalchemy sqrt stack startswith staticmethod statsmodels std
stderr stdout stop str strftime string stringr stringsAsFactors strip strptime strsplit sub subplots subprocess subset substr substring sum
summarise summarize summary super suppressMessages suppressWarnings svm switch sys table tail tan tapply tempfile tensorflow test_size text
theme threading tidyr time timedelta title tm to_csv to_datetime to_dict to_json to_numeric tolower torch total_seconds toupper traceback train
trainControl train_test_split transform transpose tree trimws try tryCatch tuple type unicode uniform unique unsplit unstack update upper
urllib urllib2 urlparse usecols utcnow uuid value_counts values vapply var vars vector vstack warning warnings where which while with within
write xgboost xlabel xrange xts yield ylabel zeros zip zipfile zlib zoo
"""
)
"""Keywords, built-ins and well-known libraries of Python and R."""

SQL = _words(
    """
abs all alter and apply as asc avg begin between bigint bit blob boolean by case cast char charindex check cluster coalesce collate commit
constraint convert count create cross current datalength date dateadd datediff datepart datetime datetime2 day decimal declare default delete
dense_rank desc distinct distribute double drop else end except exec execute exists explain explode external first_value float following
foreign from full getdate glob go group having hour if ifnull in index inner insert instr int integer intersect into is isnull join julianday
lag last_value lateral lead left len length like limit location lower ltrim match max min minute month natural nchar nocase nolock not ntext
ntile null nullif numeric nvarchar offset on or order outer over overwrite partition partitioned percent pivot preceding primary random range
rank real recursive references regexp replace right rollback round row row_number rows rtrim second select set smallint sort stored strftime
substr substring sum t1 t2 t3 table temp temporary text then time tinyint top total trim unbounded union unique uniqueidentifier unpivot update
upper use using values varchar view when where with year
"""
)
"""Keywords and functions of SQL, in small letters."""

TECHNICAL = _words(
    """
abfs abfss adl aml api arff asiasoutheast azure azurehdinsight azureml azurewebsites blob blobs com commitmentplans core count csv database
dataset documents double europewest experimentoutput false file files float ftp hdfs http https ilearner integer islogarithmic japaneast json
literal machinelearning maxvalue microsoft minvalue module net nh none null org parametertype parquet providers queue redis resourcegroups s3
sb servicebus services sharedaccess single storage storageaccounts string studio subscriptions svmlight table tcp true tsv txt userangebuilder
ussouthcentral uswestcentral utf wasb wasbs webservices windows workspaces www xls xlsx zip
"""
)
"""Parts of URLs, paths, connection strings and resource ids that tell the kind of thing and no name, in small letters."""
